/* loyaltyctl backup and restore. */
#include "client/clock.h"
#include "client/loyaltyctl.h"
#include "crypto/crypto.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_BYTES = 256 * 1024, PATH_BYTES = 4096 };

struct arguments {
    struct ctl_options common;
    const char *file;
    const char *folder;
    const char *keys;
    const char *listen;
    bool no_verify;
};

/* The daemon writes the file, so the path must mean the same to it. */
static bool absolute_path(const char *path, char *ret_path, size_t size)
{
    char folder[PATH_MAX] = "";
    if (path[0] != '/' && getcwd(folder, sizeof(folder)) == NULL) {
        return false;
    }
    const int length = snprintf(ret_path, size, "%s%s%s", folder, path[0] == '/' ? "" : "/", path);
    return length > 0 && (size_t)length < size;
}

static int copy_pages(struct ctl *ctl, const char *path, uint32_t *ret_total)
{
    const bool show = !ctl->options.json && isatty(STDERR_FILENO);
    struct reply reply;
    do {
        struct request request = {.kind = REQUEST_BACKUP, .backup.path = path};
        const int status = ctl_call(ctl, &request, &reply);
        if (status != CTL_EXIT_OK) {
            return status;
        }
        if (show) {
            fprintf(stderr, "\r%" PRIu32 " of %" PRIu32 " pages ",
                    reply.backup_step.total - reply.backup_step.left, reply.backup_step.total);
        }
    } while (reply.backup_step.left > 0);
    if (show) {
        putc('\n', stderr);
    }
    *ret_total = reply.backup_step.total;
    return CTL_EXIT_OK;
}

static int back_up(const struct command_call *call)
{
    struct arguments line = {0};
    const struct arguments *arguments = &line;
    ctl_parse(call, &line);
    char path[BACKUP_PATH_BYTES_MAX + 1];
    if (!absolute_path(arguments->file, path, sizeof(path))) {
        ctl_complain("%s: the path is too long", arguments->file);
        return CTL_EXIT_ERROR;
    }
    struct ctl ctl;
    uint32_t pages = 0;
    int status = ctl_open(&ctl, &arguments->common);
    if (status == CTL_EXIT_OK) {
        status = copy_pages(&ctl, path, &pages);
    }
    ctl_close(&ctl);
    if (status != CTL_EXIT_OK) {
        return status;
    }
    if (!arguments->common.json) {
        printf("%s: %" PRIu32 " pages of 4096 bytes\n", path, pages);
    }
    if (arguments->no_verify) {
        return CTL_EXIT_OK;
    }
    const struct verify_options verify = {.path = path, .json = arguments->common.json};
    return verify_log(&verify);
}

/* Copies a file to a new one that only its owner reads, synced. 0 or an errno. */
static int copy_file(const char *from, const char *to)
{
    const int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0) {
        return errno;
    }
    const int target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int error = target < 0 ? errno : 0;
    uint8_t *buffer = malloc(COPY_BYTES);
    ssize_t size = buffer == NULL ? -1 : 1;
    while (error == 0 && size > 0) {
        size = read(source, buffer, COPY_BYTES);
        error = size < 0 ? errno : 0;
        for (ssize_t done = 0; error == 0 && done < size;) {
            const ssize_t written = write(target, buffer + done, (size_t)(size - done));
            error = written < 0 ? errno : 0;
            done += written;
        }
    }
    if (error == 0 && buffer == NULL) {
        error = ENOMEM;
    }
    if (error == 0 && fsync(target) != 0) {
        error = errno;
    }
    free(buffer);
    close(source);
    if (target >= 0) {
        close(target);
    }
    return error;
}

static bool copy_into(const char *from, const char *folder, const char *name)
{
    char to[PATH_BYTES];
    if (!ctl_path(to, sizeof(to), folder, name)) {
        return false;
    }
    const int error = copy_file(from, to);
    if (error != 0) {
        ctl_complain("cannot copy %s to %s: %s", from, to, strerror(error));
    }
    return error == 0;
}

/* A copy is another log from here on: tills are told by its epoch to send what it had not seen. */
static int give_new_epoch(const char *folder)
{
    char path[PATH_BYTES];
    if (!ctl_path(path, sizeof(path), folder, "loyalty.db")) {
        return ERR_TOO_LARGE;
    }
    const struct store_options options = {.path = path};
    struct store *store;
    int result = store_open(&options, &store, NULL);
    if (result < 0) {
        return result;
    }
    uint8_t epoch[EPOCH_BYTES];
    crypto_world_random(NULL, epoch, sizeof(epoch));
    result = store_begin(store);
    if (result == 0) {
        result = store_set_epoch(store, epoch);
    }
    if (result == 0) {
        result = store_commit(store);
    }
    store_close(store);
    return result;
}

static bool write_configuration(const char *folder, const char *listen)
{
    char path[PATH_BYTES];
    if (!ctl_path(path, sizeof(path), folder, "loyaltyd.conf")) {
        return false;
    }
    FILE *file = fopen(path, "wx");
    if (file == NULL) {
        ctl_complain("cannot write %s: %s", path, strerror(errno));
        return false;
    }
    fprintf(file, "data: %s\nlisten:\n  - tcp: \"%s\"\n  - unix: %s/loyaltyd.sock\n    mode: \"0660\"\n",
            folder, listen != NULL ? listen : "127.0.0.1:7341", folder);
    return fclose(file) == 0;
}

/* All that may not be missing, and what tills on other machines know the daemon by, where it is there. */
static bool copy_keys(const char *from, const char *folder)
{
    static const struct {
        const char *name;
        bool optional;
    } keys[] = {{"daemon.key", false},
                {"lookup.key", false},
                {"operator.key", false},
                {"tls.key", true},
                {"tls.crt", true}};
    char path[PATH_BYTES];
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (!ctl_path(path, sizeof(path), from, keys[i].name)) {
            return false;
        }
        if (!(keys[i].optional && access(path, F_OK) != 0) && !copy_into(path, folder, keys[i].name)) {
            return false;
        }
    }
    return true;
}

static int restore(const struct command_call *call)
{
    struct arguments line = {0};
    const struct arguments *arguments = &line;
    char folder[PATH_BYTES];
    ctl_parse(call, &line);
    if (crypto_init() != 0) {
        ctl_complain("the system gives no randomness");
        return CTL_EXIT_ERROR;
    }
    if (!absolute_path(arguments->folder, folder, sizeof(folder) - 64)) {
        ctl_complain("%s: the path is too long", arguments->folder);
        return CTL_EXIT_ERROR;
    }
    if (mkdir(folder, 0700) != 0 && (errno != EEXIST || rmdir(folder) != 0 || mkdir(folder, 0700) != 0)) {
        ctl_complain("%s: %s: give a folder that is new or empty", folder, strerror(errno));
        return CTL_EXIT_ERROR;
    }
    if (!copy_into(arguments->file, folder, "loyalty.db") || !copy_keys(arguments->keys, folder) ||
        !write_configuration(folder, arguments->listen)) {
        return CTL_EXIT_ERROR;
    }
    const int result = give_new_epoch(folder);
    if (result < 0) {
        ctl_complain("%s is not a copy of a log: %s", arguments->file, error_text(result));
        return CTL_EXIT_ERROR;
    }
    printf("restored to %s\nstart it with: loyaltyd --config %s/loyaltyd.conf\n"
           "Tills send again what the copy had not seen, as far back as they keep it (outbox_retention).\n",
           folder, folder);
    return CTL_EXIT_OK;
}

static const struct command_option backup_options[] = {
    {.arg = "FILE",
     .type = &command_text,
     .offset = offsetof(struct arguments, file),
     .missing = "say where the copy goes: loyaltyctl backup FILE"},
    {.name = "no-verify",
     .doc = "Do not prove the copy after it is written",
     .type = &command_flag,
     .offset = offsetof(struct arguments, no_verify)},
    {0}};

static const struct command_option restore_options[] = {
    {.arg = "FILE",
     .type = &command_text,
     .offset = offsetof(struct arguments, file),
     .missing = "say what goes where: loyaltyctl restore FILE DIR --keys DIR"},
    {.arg = "DIR",
     .type = &command_text,
     .offset = offsetof(struct arguments, folder),
     .missing = "say what goes where: loyaltyctl restore FILE DIR --keys DIR"},
    {.name = "keys",
     .arg = "DIR",
     .doc = "Where daemon.key, lookup.key and operator.key are, and tls.key and tls.crt if tills come by TLS",
     .type = &command_text,
     .offset = offsetof(struct arguments, keys),
     .missing = "say what goes where: loyaltyctl restore FILE DIR --keys DIR"},
    {.name = "listen",
     .arg = "ADDRESS",
     .doc = "Address for tills (default: 127.0.0.1:7341)",
     .type = &command_text,
     .offset = offsetof(struct arguments, listen)},
    {0}};

const struct command ctl_backup_commands[] = {
    {.name = "backup",
     .summary = "copy the log while the daemon works",
     .doc = "Copy the log and everything derived from it to a new file while the daemon works, and prove "
            "the copy. The daemon writes FILE, so it must be where the daemon may write. Keep the key files "
            "of the data directory (daemon.key, lookup.key, operator.key) as well, somewhere else: a copy "
            "cannot be restored without them, and is of little use to a thief without lookup.key.",
     .options = backup_options,
     .run = back_up},
    {.name = "restore",
     .summary = "make a data directory from a backup",
     .doc = "Make a data directory from a backup. The log goes on from where the copy was made, under a new "
            "epoch, so that tills notice and send again what it had not seen. Never start the old directory "
            "again.",
     .options = restore_options,
     .run = restore},
    {0}};
