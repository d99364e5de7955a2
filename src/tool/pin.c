// SPDX-License-Identifier: Apache-2.0
// DIR/pin, which the agent of the node watches. Called by `weir node pin` and `unpin` on the main
// thread.
#include "tool/pin.h"

#include "base/alloc.h"
#include "os/file.h"

enum err tool_pin_write(const char *data_dir, const char *root_hex, struct errctx *ec)
{
    uint8_t root[32];
    size_t len = 0;
    char line[TOOL_ROOT_HEX_SIZE];
    if (!slice_unhex(slice_str(root_hex), root, sizeof(root), &len) || len != sizeof(root))
        return err_set(ec, ERR_INVALID, "'%s' is no root: 64 hex digits are wanted", root_hex);
    slice_hex(slice_of(root, len), line);
    line[sizeof(line) - 1] = '\n';
    AUTO_FREE char *path = mem_printf("%s/pin", data_dir);
    return file_replace(path, slice_of(line, sizeof(line)), 0644, ec);
}

enum err tool_pin_remove(const char *data_dir, struct errctx *ec)
{
    AUTO_FREE char *path = mem_printf("%s/pin", data_dir);
    return file_remove(path, ec);
}
