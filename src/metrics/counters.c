// SPDX-License-Identifier: Apache-2.0
// The memory of all counters and its Prometheus text. The supervisor maps it before it forks;
// every thread of every role counts in a slot of its own; the agent exports the sums.
//
//     area:  role 0: slot 0, slot 1, ... slot 63, foreign | role 1: ...
//     slot:  METRIC_COUNT cells, the words of those set, rounded up to whole cache lines
#include "metrics/counters.h"

#include "base/check.h"
#include "metrics/zones.h"

#include <errno.h>
#include <sys/mman.h>

#define CELLS_PER_LINE (CACHE_LINE_BYTES / sizeof(uint64_t))
#define SLOT_USED (METRIC_COUNT + METRICS_SET_WORDS)
#define SLOT_CELLS ((SLOT_USED + CELLS_PER_LINE - 1) / CELLS_PER_LINE * CELLS_PER_LINE)
/* The slots of threads, and one that takes what others count for the role. */
#define ROLE_SLOTS (METRICS_SLOTS_PER_ROLE + 1)
#define ROLE_CELLS (ROLE_SLOTS * SLOT_CELLS)
#define AREA_CELLS (METRICS_ROLE_COUNT * ROLE_CELLS)

static _Alignas(CACHE_LINE_BYTES) _Atomic uint64_t private_area[AREA_CELLS];

/* Set once, before any fork and any other thread. */
static _Atomic uint64_t *area = private_area;

_Thread_local _Atomic uint64_t *metrics_cells = private_area;

enum metric_type { METRIC_TYPE_COUNTER, METRIC_TYPE_GAUGE };

struct metric_row {
    enum metric_type type;
    const char *family;
    const char *labels;
    const char *help;
};

static const struct metric_row metric_rows[METRIC_COUNT] = {
#define METRIC(id_, type_, family_, labels_, help_)                                                \
    [METRIC_##id_] = {METRIC_TYPE_##type_, (family_), (labels_), (help_)},
#include "metrics/metrics.def"
#undef METRIC
};

static const char *const role_names[METRICS_ROLE_COUNT] = {
    [METRICS_SUPERVISOR] = "supervisor",
    [METRICS_AGENT] = "agent",
    [METRICS_CONTROL] = "control",
    [METRICS_DNS] = "dns",
    [METRICS_EDGE] = "edge",
    [METRICS_CHECK] = "check",
};

static _Atomic uint64_t *slot_cells(enum metrics_role role, unsigned slot)
{
    CHECK((unsigned)role < METRICS_ROLE_COUNT && slot < ROLE_SLOTS);
    return area + (size_t)role * ROLE_CELLS + (size_t)slot * SLOT_CELLS;
}

void metrics_init_shared(void)
{
    CHECK(area == private_area);
    void *shared =
        mmap(NULL, sizeof(private_area), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK_MSG(shared != MAP_FAILED, "no memory for counters (errno %d)", errno);
    _Atomic uint64_t *cells = shared;
    for (size_t i = 0; i < AREA_CELLS; i++) {
        uint64_t before = atomic_load_explicit(&private_area[i], memory_order_relaxed);
        atomic_store_explicit(&cells[i], before, memory_order_relaxed);
    }
    area = cells;
    metrics_cells = area + (metrics_cells - private_area);
    metrics_zones_init_shared();
}

void metrics_bind_thread(enum metrics_role role, unsigned thread_index)
{
    unsigned last = METRICS_SLOTS_PER_ROLE - 1;
    metrics_cells = slot_cells(role, thread_index < last ? thread_index : last);
}

void metrics_add_for(enum metrics_role role, enum metric m, uint64_t amount)
{
    CHECK((unsigned)m < METRIC_COUNT);
    _Atomic uint64_t *foreign = slot_cells(role, METRICS_SLOTS_PER_ROLE);
    atomic_fetch_add_explicit(&foreign[m], amount, memory_order_relaxed);
}

uint64_t metrics_read(enum metrics_role role, enum metric m)
{
    CHECK((unsigned)m < METRIC_COUNT);
    uint64_t sum = 0;
    for (unsigned slot = 0; slot < ROLE_SLOTS; slot++)
        sum += atomic_load_explicit(&slot_cells(role, slot)[m], memory_order_relaxed);
    return sum;
}

/* Whether a thread of the role ever set the metric. */
static bool is_set(enum metrics_role role, enum metric m)
{
    uint64_t words = 0;
    size_t word = METRIC_COUNT + m / METRICS_BITS_PER_WORD;
    for (unsigned slot = 0; slot < METRICS_SLOTS_PER_ROLE; slot++)
        words |= atomic_load_explicit(&slot_cells(role, slot)[word], memory_order_relaxed);
    return (words >> m % METRICS_BITS_PER_WORD & 1) != 0;
}

static void export_head(struct buf *out, const struct metric_row *row)
{
    const char *type = row->type == METRIC_TYPE_GAUGE ? "gauge" : "counter";
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", row->family, row->help, row->family, type);
}

static void export_values(struct buf *out, enum metric m)
{
    const struct metric_row *row = &metric_rows[m];
    const char *comma = row->labels[0] == '\0' ? "" : ",";
    for (unsigned role = 0; role < METRICS_ROLE_COUNT; role++) {
        uint64_t value = metrics_read((enum metrics_role)role, m);
        bool is_gauge = row->type == METRIC_TYPE_GAUGE;
        if (value != 0 || (is_gauge && is_set((enum metrics_role)role, m)))
            buf_printf(out, "%s{role=\"%s\"%s%s} %ju\n", row->family, role_names[role], comma,
                       row->labels, (uintmax_t)value);
    }
}

void metrics_export(struct buf *out)
{
    const char *family = "";
    for (unsigned m = 0; m < METRIC_COUNT; m++) {
        if (strcmp(family, metric_rows[m].family) != 0) {
            family = metric_rows[m].family;
            export_head(out, &metric_rows[m]);
        }
        export_values(out, (enum metric)m);
    }
    metrics_zones_export(out);
}
