/* How a check fails: only the first is told, for the others may follow from it. */
#include "storm.h"

#include <stdarg.h>
#include <stdio.h>

void seat_fail(struct seat *seat, const char *format, ...) {
    struct storm *storm = seat->storm;
    if (!atomic_exchange(&storm->failing, true)) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(storm->failure, sizeof storm->failure, format, arguments); // NOLINT: begun above
        va_end(arguments);
    }
    atomic_store(&storm->stopping, true);
    siglongjmp(seat->failed, 1);
}

void seat_expect_error(struct seat *seat, const char *call, DWORD code) {
    DWORD error = seat->storm->engine.GetLastError();
    SEAT_CHECK(seat, error == code, "%s: last error %u, expected %u", call, error, code);
    seat->storm->engine.SetLastError(STORM_LAST_ERROR);
}

bool seat_try(struct seat *seat, void (*body)(struct seat *seat)) {
    if (sigsetjmp(seat->failed, 0) != 0) {
        return false;
    }
    body(seat);
    return true;
}
