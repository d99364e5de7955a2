// SPDX-License-Identifier: Apache-2.0
// Clocks and the time formats of HTTP and the AWS APIs, in UTC, without the time zone locks of
// the C library. Any thread; all but the two clocks is pure.
#include "base/time.h"

#include "base/check.h"

#include <time.h>

#define SECONDS_PER_DAY 86400LL
/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z: the years that four digits can write. */
#define UNIX_S_MIN (-62167219200LL)
#define UNIX_S_MAX 253402300799LL

/* A moment in the proleptic Gregorian calendar, UTC. */
struct civil {
    unsigned year;
    unsigned month; /* 1..12 */
    unsigned day;   /* 1..31 */
    unsigned hour;
    unsigned minute;
    unsigned second;  /* up to 60 where a leap second was parsed */
    unsigned weekday; /* 0 is Sunday; not set by parsing */
};

static const char weekday_names[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const weekday_long_names[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                  "Thursday", "Friday", "Saturday"};
static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static int64_t clock_ns(clockid_t clock)
{
    struct timespec ts;
    int failed = clock_gettime(clock, &ts);
    CHECK(failed == 0);
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t time_coarse_unix_ms(void)
{
    return clock_ns(CLOCK_REALTIME_COARSE) / NS_PER_MS;
}

int64_t time_coarse_us(void)
{
    return clock_ns(CLOCK_MONOTONIC_COARSE) / NS_PER_US;
}

int64_t time_monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t time_boot_ns(void)
{
    return clock_ns(CLOCK_BOOTTIME);
}

int64_t time_unix_ms(void)
{
    return clock_ns(CLOCK_REALTIME) / NS_PER_MS;
}

/*
 * Days since 1970-01-01 to a date and back, by the algorithms of Howard Hinnant, "chrono-Compatible
 * Low-Level Date Algorithms". Years run from March, so the leap day is their last; 719468 days lie
 * between 0000-03-01 and 1970-01-01, and 146097 days are an era of 400 years.
 */
static int64_t days_of_date(unsigned year, unsigned month, unsigned day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_of_days(int64_t days, struct civil *out_civil)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    out_civil->day = (unsigned)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    out_civil->month =
        (unsigned)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    out_civil->year = (unsigned)(year_of_era + era * 400 + (out_civil->month <= 2));
}

/* Times outside the years 0..9999 become the nearest one inside. */
static struct civil civil_of_unix(int64_t unix_s)
{
    if (unix_s < UNIX_S_MIN)
        unix_s = UNIX_S_MIN;
    if (unix_s > UNIX_S_MAX)
        unix_s = UNIX_S_MAX;
    int64_t second_of_day = unix_s % SECONDS_PER_DAY;
    if (second_of_day < 0)
        second_of_day += SECONDS_PER_DAY;
    int64_t days = (unix_s - second_of_day) / SECONDS_PER_DAY;

    struct civil c = {.hour = (unsigned)(second_of_day / 3600),
                      .minute = (unsigned)(second_of_day / 60 % 60),
                      .second = (unsigned)(second_of_day % 60)};
    int64_t weekday = (days + 4) % 7; /* 1970-01-01 was a Thursday */
    c.weekday = (unsigned)(weekday < 0 ? weekday + 7 : weekday);
    date_of_days(days, &c);
    CHECK(c.year <= 9999 && c.month >= 1 && c.month <= 12);
    return c;
}

static bool civil_to_unix(const struct civil *c, int64_t *out_unix_s)
{
    if (c->month < 1 || c->month > 12 || c->hour > 23 || c->minute > 59 || c->second > 60)
        return false;
    int64_t days = days_of_date(c->year, c->month, c->day);
    struct civil again = {0};
    date_of_days(days, &again);
    if (again.day != c->day || again.month != c->month)
        return false; /* no such day, as 30 February */
    *out_unix_s = days * SECONDS_PER_DAY + c->hour * 3600LL + c->minute * 60LL + c->second;
    return true;
}

/* Writes `width` decimal digits and returns the place behind them. */
static char *put_digits(char *out, unsigned value, unsigned width)
{
    for (unsigned i = width; i > 0; i--) {
        out[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + width;
}

static char *put_text(char *out, const char *text)
{
    size_t len = strlen(text);
    memcpy(out, text, len + 1);
    return out + len;
}

static char *put_clock(char *out, const struct civil *c)
{
    out = put_text(put_digits(out, c->hour, 2), ":");
    out = put_text(put_digits(out, c->minute, 2), ":");
    return put_digits(out, c->second, 2);
}

void time_format_iso8601(int64_t unix_ms, char out[TIME_ISO8601_SIZE])
{
    int64_t s = unix_ms / MS_PER_S;
    int64_t ms = unix_ms % MS_PER_S;
    if (ms < 0) { /* division rounds towards zero, time runs from below */
        ms += MS_PER_S;
        s -= 1;
    }
    struct civil c = civil_of_unix(s);
    char *at = put_text(put_digits(out, c.year, 4), "-");
    at = put_text(put_digits(at, c.month, 2), "-");
    at = put_text(put_digits(at, c.day, 2), "T");
    at = put_text(put_clock(at, &c), ".");
    at = put_text(put_digits(at, (unsigned)ms, 3), "Z");
    CHECK(at == out + TIME_ISO8601_SIZE - 1);
}

void time_format_basic(int64_t unix_s, char out[TIME_BASIC_SIZE])
{
    struct civil c = civil_of_unix(unix_s);
    char *at = put_digits(out, c.year, 4);
    at = put_digits(at, c.month, 2);
    at = put_text(put_digits(at, c.day, 2), "T");
    at = put_digits(at, c.hour, 2);
    at = put_digits(at, c.minute, 2);
    at = put_text(put_digits(at, c.second, 2), "Z");
    CHECK(at == out + TIME_BASIC_SIZE - 1);
}

void time_format_http(int64_t unix_s, char out[TIME_HTTP_SIZE])
{
    struct civil c = civil_of_unix(unix_s);
    char *at = put_text(put_text(out, weekday_names[c.weekday]), ", ");
    at = put_text(put_digits(at, c.day, 2), " ");
    at = put_text(put_text(at, month_names[c.month - 1]), " ");
    at = put_text(put_digits(at, c.year, 4), " ");
    at = put_text(put_clock(at, &c), " GMT");
    CHECK(at == out + TIME_HTTP_SIZE - 1);
}

/* Eats a text front to back; once something did not fit, all later steps do nothing. */
struct scan {
    struct slice rest;
    bool is_bad;
};

static void scan_literal(struct scan *sc, const char *literal)
{
    struct slice want = slice_str(literal);
    if (sc->is_bad || !slice_starts_with(sc->rest, want)) {
        sc->is_bad = true;
        return;
    }
    sc->rest = slice_sub(sc->rest, want.len, sc->rest.len);
}

static unsigned scan_digits(struct scan *sc, size_t width)
{
    uint64_t value = 0;
    struct slice digits = slice_sub(sc->rest, 0, width);
    if (sc->is_bad || digits.len != width || !slice_parse_u64(digits, 9999, &value)) {
        sc->is_bad = true;
        return 0;
    }
    sc->rest = slice_sub(sc->rest, width, sc->rest.len);
    return (unsigned)value;
}

/* The day of an asctime date: two digits, or a space and one. */
static unsigned scan_padded_day(struct scan *sc)
{
    if (!slice_starts_with(sc->rest, SLICE_LIT(" ")))
        return scan_digits(sc, 2);
    scan_literal(sc, " ");
    return scan_digits(sc, 1);
}

/* The number of a month's name, 1..12. */
static unsigned scan_month(struct scan *sc)
{
    for (unsigned i = 0; i < ARRAY_LEN(month_names); i++) {
        if (!sc->is_bad && slice_starts_with(sc->rest, slice_str(month_names[i]))) {
            scan_literal(sc, month_names[i]);
            return i + 1;
        }
    }
    sc->is_bad = true;
    return 0;
}

static void scan_clock(struct scan *sc, struct civil *c)
{
    c->hour = scan_digits(sc, 2);
    scan_literal(sc, ":");
    c->minute = scan_digits(sc, 2);
    scan_literal(sc, ":");
    c->second = scan_digits(sc, 2);
}

static bool scan_ended(const struct scan *sc)
{
    return !sc->is_bad && sc->rest.len == 0;
}

bool time_parse_basic(struct slice text, int64_t *out_unix_s)
{
    struct scan sc = {.rest = text};
    struct civil c = {0};
    c.year = scan_digits(&sc, 4);
    c.month = scan_digits(&sc, 2);
    c.day = scan_digits(&sc, 2);
    scan_literal(&sc, "T");
    c.hour = scan_digits(&sc, 2);
    c.minute = scan_digits(&sc, 2);
    c.second = scan_digits(&sc, 2);
    scan_literal(&sc, "Z");
    return scan_ended(&sc) && civil_to_unix(&c, out_unix_s);
}

/* "06 Nov 1994 08:49:37 GMT", what follows "Sun, ". */
static void scan_imf_rest(struct scan *sc, struct civil *c)
{
    c->day = scan_digits(sc, 2);
    scan_literal(sc, " ");
    c->month = scan_month(sc);
    scan_literal(sc, " ");
    c->year = scan_digits(sc, 4);
    scan_literal(sc, " ");
    scan_clock(sc, c);
    scan_literal(sc, " GMT");
}

/*
 * "06-Nov-94 08:49:37 GMT", what follows "Sunday, ". A year that appears to be more than 50 years
 * in the future is the most recent past year of these digits (RFC 9110 section 5.6.7).
 */
static void scan_rfc850_rest(struct scan *sc, int64_t now_unix_s, struct civil *c)
{
    c->day = scan_digits(sc, 2);
    scan_literal(sc, "-");
    c->month = scan_month(sc);
    scan_literal(sc, "-");
    unsigned this_year = civil_of_unix(now_unix_s).year;
    c->year = this_year / 100 * 100 + scan_digits(sc, 2);
    if (c->year > this_year + 50 && c->year >= 100)
        c->year -= 100;
    scan_literal(sc, " ");
    scan_clock(sc, c);
    scan_literal(sc, " GMT");
}

/* "Nov  6 08:49:37 1994", what follows "Sun ". */
static void scan_asctime_rest(struct scan *sc, struct civil *c)
{
    c->month = scan_month(sc);
    scan_literal(sc, " ");
    c->day = scan_padded_day(sc);
    scan_literal(sc, " ");
    scan_clock(sc, c);
    scan_literal(sc, " ");
    c->year = scan_digits(sc, 4);
}

/* Takes a weekday's name off the front; its value does not matter, the date says it. */
static bool scan_weekday(struct scan *sc, bool is_long)
{
    for (size_t i = 0; i < ARRAY_LEN(weekday_names); i++) {
        const char *name = is_long ? weekday_long_names[i] : weekday_names[i];
        if (slice_starts_with(sc->rest, slice_str(name))) {
            scan_literal(sc, name);
            return true;
        }
    }
    return false;
}

bool time_parse_http(struct slice text, int64_t now_unix_s, int64_t *out_unix_s)
{
    struct scan sc = {.rest = text};
    struct civil c = {0};
    if (scan_weekday(&sc, true)) {
        scan_literal(&sc, ", ");
        scan_rfc850_rest(&sc, now_unix_s, &c);
    } else if (!scan_weekday(&sc, false)) {
        return false;
    } else if (slice_starts_with(sc.rest, SLICE_LIT(", "))) {
        scan_literal(&sc, ", ");
        scan_imf_rest(&sc, &c);
    } else {
        scan_literal(&sc, " ");
        scan_asctime_rest(&sc, &c);
    }
    return scan_ended(&sc) && civil_to_unix(&c, out_unix_s);
}
