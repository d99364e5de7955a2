// SPDX-License-Identifier: Apache-2.0
// Keeps the atlas of the dns role as its files say: reads them at the start and whenever they
// change, on a thread of its own, and swaps the result into the scene.
#ifndef AUTHORITY_ATLAS_WATCH_H
#define AUTHORITY_ATLAS_WATCH_H

#include "authority/service.h"

struct atlas_watch;

/**
 * Begins to read the files of --geo-db and --latency-table; NULL where neither is set. A file that
 * cannot be read is logged and counted, and the atlas before stays; at the start what can be read
 * is used. Main thread of the role. Owner: the caller, who frees it before the service.
 */
struct atlas_watch *atlas_watch_start(struct dns_service *service);

/** Ends the thread, takes the atlas out of the scene and frees it. Main thread. NULL is fine. */
void atlas_watch_free(struct atlas_watch *w);

/**
 * Waits until the files were read for the first time, well or not, ATLAS_FIRST_WAIT_S at most. Any
 * thread but the main one. NULL is fine.
 */
void atlas_watch_wait_first(struct atlas_watch *w);

#endif
