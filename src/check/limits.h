// SPDX-License-Identifier: Apache-2.0
// Every bound of the room check, with unit and reason.
#ifndef CHECK_LIMITS_H
#define CHECK_LIMITS_H

#include "base/time.h"

/* How often a table of votes is made (design, section 7). */
#define CHECK_VOTES_EVERY_NS (1 * NS_PER_S)

/* One line of the log about probes that this machine could not make in this time. */
#define CHECK_LACK_LOG_NS (60 * NS_PER_S)

/* Source addresses: one of each family. */
#define CHECK_SOURCES_MAX 2

/* First room for keys of nodes; it doubles. As many come as the root lists. */
#define READERS_FIRST ((size_t)16)

/* Checks of one change that the trial looks at; each costs microseconds. */
#define CHECK_TRIAL_MAX ((size_t)16384)

#endif
