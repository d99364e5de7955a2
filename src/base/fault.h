// SPDX-License-Identifier: Apache-2.0
// Injected faults of test builds (meson -Dfaults=true). In any other build FAULT() is the constant
// false and leaves no code behind.
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>

#ifdef WEIR_FAULTS
/**
 * Whether the fault `name` is armed: it stands, separated by commas, in the file that the
 * environment variable WEIR_FAULTS_FILE names, read anew at each call. Any thread.
 */
bool fault_is_armed(const char *name);
#define FAULT(name) fault_is_armed(name)
#else
#define FAULT(name) false
#endif

#endif
