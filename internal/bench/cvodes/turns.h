/* One computation timed in turns, so that whoever asks for them can give another program its turns in between: for every line on
   standard input, which holds seconds, the computation is repeated for that long, once at least, and the microseconds of every repeat are
   printed as a JSON array, by the clock of the thread. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double turn_clock(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void take_turns(void (*compute)(void)) {
  enum { MOST = 20000 };
  static double spent[MOST];
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    double during = atof(line), began = turn_clock(CLOCK_MONOTONIC);
    int n = 0;
    do {
      double from = turn_clock(CLOCK_THREAD_CPUTIME_ID);
      compute();
      spent[n++] = turn_clock(CLOCK_THREAD_CPUTIME_ID) - from;
    } while (n < MOST && turn_clock(CLOCK_MONOTONIC) - began < during);
    for (int i = 0; i < n; i++) printf("%c%.3f", i ? ',' : '[', 1e6 * spent[i]);
    puts("]");
    fflush(stdout);
  }
}
