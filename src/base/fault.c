// SPDX-License-Identifier: Apache-2.0
// The switchboard of injected faults; empty but in test builds. Any thread.
#include "base/fault.h"

#ifdef WEIR_FAULTS

#include "base/limits.h"
#include "base/slice.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

bool fault_is_armed(const char *name)
{
    const char *path = secure_getenv("WEIR_FAULTS_FILE");
    if (path == NULL)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    char text[FAULT_FILE_MAX_BYTES];
    ssize_t len = read(fd, text, sizeof(text));
    (void)close(fd);
    struct slice rest = slice_of(text, len < 0 ? 0 : (size_t)len);
    size_t line_len = slice_find(rest, '\n');
    rest = slice_sub(rest, 0, line_len);
    struct slice part;
    while (slice_split(&rest, ',', &part)) {
        if (slice_equal(slice_trim(part), slice_str(name)))
            return true;
    }
    return false;
}

#endif
