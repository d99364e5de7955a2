// SPDX-License-Identifier: Apache-2.0
// Variables of the environment. Tools have one thread and set none.
#include "tool/environment.h"

#include <stdlib.h>

const char *tool_variable(const char *name)
{
    const char *value = getenv(name); // NOLINT(concurrency-mt-unsafe): one thread
    return value != NULL && value[0] != '\0' ? value : NULL;
}
