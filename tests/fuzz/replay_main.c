// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a fuzz target over stored inputs, without libFuzzer: every file named on the command line,
 * and every file of each directory named. `./dev test` replays the corpora through it.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { INPUT_MAX_BYTES = 64 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Runs one file. Each input is its own allocation, so a sanitizer sees reads past its end. */
static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return -1;
    }
    struct stat st;
    if (fstat(fileno(f), &st) < 0 || st.st_size > INPUT_MAX_BYTES) {
        (void)fprintf(stderr, "%s: cannot stat, or too large\n", path);
        (void)fclose(f);
        return -1;
    }
    size_t size = (size_t)st.st_size;
    uint8_t *data = malloc(size ? size : 1);
    size_t got = data ? fread(data, 1, size, f) : 0;
    (void)fclose(f);
    if (!data || got != size) {
        (void)fprintf(stderr, "%s: short read\n", path);
        free(data);
        return -1;
    }
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

/* Runs a file, or each file of a directory. Returns the number of inputs run, or -1. */
static int replay_path(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir)
        return replay_file(path);
    int count = 0;
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        char *file;
        if (asprintf(&file, "%s/%s", path, entry->d_name) < 0)
            break;
        int one = replay_file(file);
        free(file);
        if (one < 0) {
            count = -1;
            break;
        }
        count += one;
    }
    (void)closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int count = replay_path(argv[i]);
        if (count < 0)
            return 1;
        total += count;
    }
    (void)printf("%d inputs replayed\n", total);
    if (total == 0)
        (void)fprintf(stderr, "no inputs: a fuzz target needs a corpus\n");
    return total > 0 ? 0 : 1;
}
