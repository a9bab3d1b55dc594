"""A clock of its own for a process, which a test sets forth and back while it runs: a few lines of C between it
and the system, for want of a machine whose clock may be set. What is monotonic stays as it is."""

import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static long long ahead(void) {
    static volatile long long *seconds;
    static long long none;
    if (!seconds) {
        int file = open(getenv("OWN_CLOCK"), O_RDONLY);
        void *page = file < 0 ? MAP_FAILED : mmap(0, 4096, PROT_READ, MAP_SHARED, file, 0);
        seconds = page == MAP_FAILED ? &none : (volatile long long *)page;
    }
    return *seconds;
}

int clock_gettime(clockid_t which, struct timespec *found) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(which, found);
    if (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE) found->tv_sec += ahead();
    return result;
}

int gettimeofday(struct timeval *found, void *zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    found->tv_sec = now.tv_sec;
    found->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *found) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (found) *found = now.tv_sec;
    return now.tv_sec;
}
"""


class OwnClock:
    """`environment` is what a process with this clock is started with."""

    def __init__(self, folder: Path) -> None:
        self._file, library = folder / "clock", folder / "clock.so"
        self._file.write_bytes(bytes(4096))
        source = folder / "clock.c"
        source.write_text(SOURCE)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        self.environment = {"LD_PRELOAD": str(library), "OWN_CLOCK": str(self._file)}

    @staticmethod
    def can_be_made() -> bool:
        """There is a C compiler."""
        return shutil.which("cc") is not None

    def set(self, seconds: int) -> None:
        """It is so far ahead of the machine's (behind: less than 0)."""
        with self._file.open("r+b") as file:
            file.write(struct.pack("q", seconds))
