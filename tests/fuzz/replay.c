/* main() of a target without a fuzzer: runs it on each file named, and on each file of a folder named. A
 * file that cannot be read is a failure, and so is a run without any file. */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static size_t files_run;

static int replay_file(const char *path)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &status) != 0) {
        perror(path);
        return EXIT_FAILURE;
    }
    /* As long as the input and no longer, so that a sanitizer sees what reads beyond it. */
    const size_t size = (size_t)status.st_size;
    uint8_t *data = malloc(size > 0 ? size : 1);
    if (data == NULL || fread(data, 1, size, file) != size) {
        perror(path);
        return EXIT_FAILURE;
    }
    (void)fclose(file);
    /* Read by whoever looks for the input that ended the program. */
    printf("%s\n", path);
    (void)fflush(stdout);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    files_run++;
    return EXIT_SUCCESS;
}

static int replay_folder(const char *path)
{
    struct dirent **entries;
    const int count = scandir(path, &entries, NULL, alphasort);
    int result = count < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    for (int i = 0; i < count; i++) {
        char name[4096];
        const int length = snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && length > 0 && (size_t)length < sizeof(name) &&
            replay_file(name) != EXIT_SUCCESS) {
            result = EXIT_FAILURE;
        }
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
    return result;
}

int main(int argc, char **argv)
{
    int result = EXIT_SUCCESS;
    for (int i = 1; i < argc; i++) {
        struct stat status;
        if (stat(argv[i], &status) != 0) {
            perror(argv[i]);
            return EXIT_FAILURE;
        }
        const int one = S_ISDIR(status.st_mode) ? replay_folder(argv[i]) : replay_file(argv[i]);
        result = one != EXIT_SUCCESS ? one : result;
    }
    printf("%zu inputs\n", files_run);
    return files_run > 0 ? result : EXIT_FAILURE;
}
