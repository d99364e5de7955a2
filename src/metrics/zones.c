// SPDX-License-Identifier: Apache-2.0
// Slots of zones in shared memory, and the Prometheus text of their counters.
//
//     area:  threads in use | slot 0 (others), slot 1, ... | thread 0: cells of all slots | ...
//
// A slot's description changes under its version, which is odd meanwhile. Cells are never set back:
// a slot that another zone gets notes what they held then, and that is taken off what is exported.
#include "metrics/zones.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

struct zone_slot {
    _Atomic uint32_t version;
    _Atomic uint32_t is_shown;
    uint64_t base[METRICS_ZONE_CELLS];
    char id[METRICS_ZONE_ID_MAX_BYTES + 1];
    char name[METRICS_ZONE_NAME_MAX_BYTES + 1];
};

struct zones_area {
    _Atomic uint32_t thread_count; /* that counted ever; later ones were never touched */
    struct zone_slot slots[METRICS_ZONES_MAX];
    _Alignas(CACHE_LINE_BYTES) _Atomic uint64_t
        cells[METRICS_SLOTS_PER_ROLE][METRICS_ZONES_MAX][METRICS_ZONE_CELLS];
};

/* Of programs without shared memory. Untouched, both take none. */
static struct zones_area private_area;
static _Alignas(CACHE_LINE_BYTES) _Atomic uint64_t nobodys[METRICS_ZONES_MAX][METRICS_ZONE_CELLS];

/* Set once, before any fork and any other thread. */
static struct zones_area *area = &private_area;

_Thread_local _Atomic uint64_t *metrics_zone_cells = nobodys[0];

/* What this process knows of a slot. */
struct zone_use {
    unsigned takes;
};

struct metrics_zones {
    struct map by_id; /* struct zone_use *, of `uses`; those that have a zone */
    struct zone_use *uses;
    uint32_t next;        /* where the search for a free slot goes on */
    uint32_t taken_count; /* slots with a take */
};

void metrics_zones_init_shared(void)
{
    CHECK(area == &private_area);
    void *shared = mmap(NULL, sizeof(*area), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK_MSG(shared != MAP_FAILED, "no memory for counters of zones (errno %d)", errno);
    area = shared;
}

void metrics_zones_bind_thread(unsigned thread_index)
{
    unsigned last = METRICS_SLOTS_PER_ROLE - 1;
    unsigned thread = thread_index < last ? thread_index : last;
    uint32_t known = atomic_load_explicit(&area->thread_count, memory_order_relaxed);
    while (known < thread + 1) { /* ends: another thread only raises it */
        if (atomic_compare_exchange_weak(&area->thread_count, &known, thread + 1))
            break;
    }
    metrics_zone_cells = area->cells[thread][0];
}

/* ---- giving slots out */

static uint64_t sum_of(uint32_t slot, unsigned cell)
{
    uint64_t sum = 0;
    uint32_t threads = atomic_load_explicit(&area->thread_count, memory_order_relaxed);
    for (uint32_t i = 0; i < threads && i < METRICS_SLOTS_PER_ROLE; i++)
        sum += atomic_load_explicit(&area->cells[i][slot][cell], memory_order_relaxed);
    return sum;
}

struct metrics_zones *metrics_zones_new(void)
{
    struct metrics_zones *z = NEW(struct metrics_zones);
    map_init(&z->by_id);
    z->uses = mem_new(METRICS_ZONES_MAX, sizeof(*z->uses));
    z->next = METRICS_ZONE_OTHERS + 1;
    for (uint32_t i = METRICS_ZONE_OTHERS + 1; i < METRICS_ZONES_MAX; i++) {
        struct zone_slot *slot = &area->slots[i];
        z->next = i; /* those that an earlier process left come last */
        if (atomic_load_explicit(&slot->version, memory_order_relaxed) == 0)
            break; /* slots are used in order, so there is none behind */
        atomic_store_explicit(&slot->is_shown, 0, memory_order_relaxed);
        (void)map_put(&z->by_id, slice_str(slot->id), &z->uses[i]);
    }
    return z;
}

void metrics_zones_free(struct metrics_zones *z)
{
    if (z == NULL)
        return;
    map_fini(&z->by_id);
    free(z->uses);
    free(z);
}

/* A slot that no zone has; of those, the one that was given back the longest ago. */
static uint32_t find_free(struct metrics_zones *z)
{
    if (z->taken_count == METRICS_ZONES_MAX - 1)
        return METRICS_ZONE_OTHERS;
    for (uint32_t tries = 1; tries < METRICS_ZONES_MAX; tries++) {
        uint32_t i = z->next;
        z->next = i + 1 < METRICS_ZONES_MAX ? i + 1 : METRICS_ZONE_OTHERS + 1;
        if (z->uses[i].takes == 0)
            return i;
    }
    return METRICS_ZONE_OTHERS;
}

/* Writes who the slot is of from now on. */
static void describe(uint32_t index, const char *id, const char *name)
{
    struct zone_slot *slot = &area->slots[index];
    uint32_t version = atomic_load_explicit(&slot->version, memory_order_relaxed) | 1;
    atomic_store_explicit(&slot->version, version, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    memset(slot->id, 0, sizeof(slot->id));
    memset(slot->name, 0, sizeof(slot->name));
    memccpy(slot->id, id, '\0', sizeof(slot->id) - 1);
    memccpy(slot->name, name, '\0', sizeof(slot->name) - 1);
    for (unsigned cell = 0; cell < METRICS_ZONE_CELLS; cell++)
        slot->base[cell] = sum_of(index, cell);
    atomic_store_explicit(&slot->version, version + 1, memory_order_release);
}

uint32_t metrics_zones_take(struct metrics_zones *z, const char *id, const char *name)
{
    struct zone_use *use = map_get(&z->by_id, slice_str(id));
    if (use == NULL) {
        uint32_t free_slot = find_free(z);
        if (free_slot == METRICS_ZONE_OTHERS || strlen(id) > METRICS_ZONE_ID_MAX_BYTES)
            return METRICS_ZONE_OTHERS;
        struct zone_slot *slot = &area->slots[free_slot];
        if (atomic_load_explicit(&slot->version, memory_order_relaxed) != 0)
            (void)map_remove(&z->by_id, slice_str(slot->id));
        describe(free_slot, id, name);
        use = &z->uses[free_slot];
        (void)map_put(&z->by_id, slice_str(id), use);
    }
    uint32_t index = (uint32_t)(use - z->uses);
    if (use->takes++ == 0)
        z->taken_count++;
    atomic_store_explicit(&area->slots[index].is_shown, 1, memory_order_release);
    return index;
}

void metrics_zones_give(struct metrics_zones *z, uint32_t slot)
{
    if (slot == METRICS_ZONE_OTHERS)
        return;
    CHECK(slot < METRICS_ZONES_MAX && z->uses[slot].takes > 0);
    z->uses[slot].takes--;
    if (z->uses[slot].takes > 0)
        return;
    z->taken_count--;
    atomic_store_explicit(&area->slots[slot].is_shown, 0, memory_order_release);
}

/* ---- export */

/* Copies the description; false where it is not shown, or changes at this moment. */
static bool read_slot(uint32_t index, struct zone_slot *out)
{
    struct zone_slot *slot = &area->slots[index];
    uint32_t before = atomic_load_explicit(&slot->version, memory_order_acquire);
    if ((before & 1) != 0 || atomic_load_explicit(&slot->is_shown, memory_order_acquire) == 0)
        return false;
    memcpy(out->id, slot->id, sizeof(out->id));
    memcpy(out->name, slot->name, sizeof(out->name));
    memcpy(out->base, slot->base, sizeof(out->base));
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&slot->version, memory_order_relaxed) == before;
}

/* A label's value: the exposition format escapes backslash, quote and newline. */
static void write_label(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == '"')
            buf_append_byte(out, '\\');
        if (*text != '\n')
            buf_append_byte(out, (uint8_t)*text);
    }
}

static void export_cell(struct buf *out, const char *family, unsigned cell)
{
    struct zone_slot slot;
    uint64_t others = sum_of(METRICS_ZONE_OTHERS, cell);
    if (others > 0)
        buf_printf(out, "%s{role=\"dns\",zone=\"\",id=\"\"} %ju\n", family, (uintmax_t)others);
    for (uint32_t i = METRICS_ZONE_OTHERS + 1; i < METRICS_ZONES_MAX; i++) {
        if (atomic_load_explicit(&area->slots[i].version, memory_order_relaxed) == 0)
            break;
        if (!read_slot(i, &slot))
            continue;
        uint64_t value = sum_of(i, cell) - slot.base[cell];
        if (value == 0)
            continue;
        buf_printf(out, "%s{role=\"dns\",zone=\"", family);
        write_label(out, slot.name);
        buf_append_str(out, "\",id=\"");
        write_label(out, slot.id);
        buf_printf(out, "\"} %ju\n", (uintmax_t)value);
    }
}

void metrics_zones_export(struct buf *out)
{
    static const struct {
        const char *family;
        const char *help;
    } rows[METRICS_ZONE_CELLS] = {
        [METRICS_ZONE_QUERIES] = {"weir_dns_zone_queries_total",
                                  "Queries that a hosted zone answered; without a name those of "
                                  "zones beyond the counters' limit."},
        [METRICS_ZONE_NXDOMAIN] = {"weir_dns_zone_nxdomain_total",
                                   "Of these, answered with NXDOMAIN."},
    };
    for (unsigned cell = 0; cell < METRICS_ZONE_CELLS; cell++) {
        buf_printf(out, "# HELP %s %s\n# TYPE %s counter\n", rows[cell].family, rows[cell].help,
                   rows[cell].family);
        export_cell(out, rows[cell].family, cell);
    }
}
