// SPDX-License-Identifier: Apache-2.0
// What a body and its fill do with a reader; under the body's lock.
#ifndef CACHE_READER_PRIV_H
#define CACHE_READER_PRIV_H

#include "cache/cache.h"

/** Its on_ready will be called, on its thread. */
void reader_mail(struct cache_reader *r);

/** Tells it that it is CUT or GONE. It stays registered, since it may look at bytes at this moment,
 *  until its own thread hears of it. */
void reader_doom(struct cache_reader *r, enum cache_read fate);

#endif
