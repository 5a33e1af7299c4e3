#include "init.h"

#include "base/error.h"
#include "config.h"
#include "crypto/crypto.h"
#include "crypto/pin.h"
#include "server/certificate.h"
#include "server/world.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, OPTION_PIN = 256 };

#define NEXT_KEY_NAME "tls-next.key"
#define NEXT_CERTIFICATE_NAME "tls-next.crt"

struct arguments {
    const char *data;
    const char *pin;
};

static const struct argp_option options[] = {
    {"data", 'd', "DIR", 0, "The data directory", 0},
    {"pin", OPTION_PIN, "FILE", 0, "Make nothing: print the pin of the key in this certificate", 0},
    {0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'd':
        arguments->data = value;
        return 0;
    case OPTION_PIN:
        arguments->pin = value;
        return 0;
    case ARGP_KEY_END:
        if ((arguments->data == NULL) == (arguments->pin == NULL)) {
            argp_error(state, "needs either --data or --pin");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    .options = options,
    .parser = parse_option,
    .doc = "Makes a TLS key and its certificate in a data directory: " TLS_KEY_NAME
           " if there is none, else " NEXT_KEY_NAME ", which is to take its place."
           "\vThe pin it prints goes into the configuration, so that tills learn it while the old key is "
           "still in "
           "use:\n  tls:\n    next_pin: PIN\n"
           "When every till has been connected since, let the new files take the place of the old ones.",
};

static int complain(int result, const char *what)
{
    fprintf(stderr, "loyaltyd certificate: %s: %s\n", what, error_text(result));
    return EXIT_FAILURE;
}

static int make(const char *folder)
{
    char key[PATH_BYTES];
    char certificate[PATH_BYTES];
    char text[PIN_TEXT_BYTES];
    uint8_t pin[PIN_BYTES];
    if (strlen(folder) + sizeof(NEXT_CERTIFICATE_NAME) + 1 > PATH_BYTES) {
        return complain(ERR_TOO_LARGE, folder);
    }
    snprintf(key, sizeof(key), "%s/%s", folder, TLS_KEY_NAME);
    const bool next = access(key, F_OK) == 0;
    if (next) {
        snprintf(key, sizeof(key), "%s/%s", folder, NEXT_KEY_NAME);
    }
    snprintf(certificate, sizeof(certificate), "%s/%s", folder,
             next ? NEXT_CERTIFICATE_NAME : TLS_CERTIFICATE_NAME);
    umask(0077);
    const int result = certificate_make(key, certificate, world_real(), pin);
    if (result != 0) {
        return complain(result, key);
    }
    pin_format(pin, text);
    printf("%s\n%s\npin %s\n", key, certificate, text);
    return EXIT_SUCCESS;
}

int init_certificate_main(int argc, char **argv)
{
    struct arguments arguments = {0};
    char text[PIN_TEXT_BYTES];
    uint8_t pin[PIN_BYTES];
    char name[] = "loyaltyd certificate";
    argv[0] = name;
    argp_parse(&parser, argc, argv, 0, NULL, &arguments);
    if (crypto_init() != 0) {
        return complain(ERR_IO, "randomness");
    }
    if (arguments.data != NULL) {
        return make(arguments.data);
    }
    const int result = certificate_pin(arguments.pin, pin);
    if (result != 0) {
        return complain(result, arguments.pin);
    }
    pin_format(pin, text);
    printf("%s\n", text);
    return EXIT_SUCCESS;
}
