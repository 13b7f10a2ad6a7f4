/* CVODE (BDF, dense, analytic Jacobian) on one problem, with many settings: counts, time and error of each, one JSON object a line.

   solve PROBLEM SECONDS RUNS [PER_DECADE] < REFERENCE
   solve PROBLEM turns VARIANT MODE RTOL

   REFERENCE has a line for every output time: the time and the states of the solution there. The error of a run is the largest
   |y - reference| in units of the largest magnitude of the state over the output times. Each setting is timed for SECONDS and RUNS runs at least, by the
   clock of the thread; a run is a CVodeReInit and a solve to the last time, without allocation. There are PER_DECADE relative tolerances in a
   decade, by default 4, down to an error that no comparison asks for.

   With the word turns it is one setting, in the words of the output, timed in turns (turns.h). The lines that ask for them follow
   REFERENCE and a line that says end; the first line printed is the error. */
#include <cvode/cvode.h>
#include <math.h>
#include <nvector/nvector_serial.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_dense.h>
#include <time.h>

#include "problems.h"
#include "turns.h"

enum { MAXTIMES = 512, MAXRUNS = 20000 };

static const double tightest = 2e-11; /* the error below which there are no further tolerances */

static const Problem *problem;
static int count; /* output times */
static double times[MAXTIMES], reference[MAXTIMES][MAXDIM], result[MAXTIMES][MAXDIM], scale[MAXDIM];
static void *mem;
static N_Vector y;

static int f(realtype t, N_Vector v, N_Vector d, void *user) {
  (void)t, (void)user;
  problem->f(NV_DATA_S(v), NV_DATA_S(d));
  return 0;
}

static int jac(realtype t, N_Vector v, N_Vector fv, SUNMatrix J, void *user, N_Vector a, N_Vector b, N_Vector c) {
  (void)t, (void)fv, (void)user, (void)a, (void)b, (void)c;
  problem->jac(NV_DATA_S(v), SM_DATA_D(J)); /* CVODE has zeroed J */
  return 0;
}

/* A setting that CVODE reports by its return value is no news. */
static void silent(int code, const char *module, const char *function, char *message, void *user) {
  (void)code, (void)module, (void)function, (void)message, (void)user;
}

/* solve returns 0, or CVODE's code of failure. */
static int solve(void) {
  double t;
  memcpy(NV_DATA_S(y), problem->y0, problem->dim * sizeof(double));
  CVodeReInit(mem, 0, y);
  for (int k = 0; k < count; k++) {
    int code = times[k] > 0 ? CVode(mem, times[k], y, &t, CV_NORMAL) : 0;
    if (code < 0) return code;
    memcpy(result[k], NV_DATA_S(y), problem->dim * sizeof(double));
  }
  return 0;
}

static double largest_error(void) {
  double worst = 0;
  for (int k = 0; k < count; k++)
    for (int i = 0; i < problem->dim; i++) {
      double e = fabs(result[k][i] - reference[k][i]) / scale[i];
      if (!(e <= worst)) worst = e;
    }
  return worst;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, z = *(const double *)b;
  return (x > z) - (x < z);
}

/* measure prints one setting and returns its error. */
static double measure(const char *variant, const char *mode, double rtol, double during, int runs) {
  static double spent[MAXRUNS];
  int code = solve(), n = 0;
  long steps, evals, setups, errors, iterations, failures, jacobians;
  CVodeGetNumSteps(mem, &steps);
  CVodeGetNumRhsEvals(mem, &evals);
  CVodeGetNumLinSolvSetups(mem, &setups);
  CVodeGetNumErrTestFails(mem, &errors);
  CVodeGetNonlinSolvStats(mem, &iterations, &failures);
  CVodeGetNumJacEvals(mem, &jacobians);
  double error = code ? INFINITY : largest_error();
  double began = turn_clock(CLOCK_MONOTONIC);
  if (!code)
    while (n < MAXRUNS && (n < runs || turn_clock(CLOCK_MONOTONIC) - began < during)) {
      double from = turn_clock(CLOCK_THREAD_CPUTIME_ID);
      solve();
      spent[n++] = turn_clock(CLOCK_THREAD_CPUTIME_ID) - from;
    }
  qsort(spent, n, sizeof *spent, ascending);
  printf("{\"what\":\"mech_cvode\",\"lib\":\"fast\",\"prob\":\"%s\",\"variant\":\"%s\",\"atol_mode\":\"%s\",\"rtol\":%.17g,\"fail\":%d,"
         "\"err_scaled_max\":%.4e,\"steps\":%ld,\"rhs\":%ld,\"setups\":%ld,\"jac\":%ld,\"etf\":%ld,\"ncf\":%ld,"
         "\"us_cpu_min\":%.3f,\"us_cpu_med\":%.3f,\"us_cpu_p90\":%.3f,\"reps\":%d}\n",
         problem->name, variant, mode, rtol, code, error, steps, evals, setups, jacobians, errors, failures,
         n ? 1e6 * spent[0] : 0, n ? 1e6 * spent[n / 2] : 0, n ? 1e6 * spent[9 * n / 10] : 0, n);
  fflush(stdout);
  return error;
}

/* The defaults, an iteration to a tenth of their tolerance, and the detection of stability limits. */
static const struct {
  const char *name;
  double newton;
  int limit;
} variants[] = {{"default", 0.1, 0}, {"nlconv=0.01", 0.01, 0}, {"stab-limit detection", 0.1, 1}};

/* Absolute tolerances in units of rtol times the size of the state. */
static const struct {
  const char *name;
  double factor;
} modes[] = {{"vector rtol*1e-3*max|y_i|", 1e-3}, {"vector rtol*max|y_i|", 1}, {"vector rtol*1e-6*max|y_i|", 1e-6}};

static void set(N_Vector atol, int v, int m, double rtol) {
  for (int i = 0; i < problem->dim; i++) NV_DATA_S(atol)[i] = modes[m].factor * rtol * scale[i];
  CVodeSVtolerances(mem, rtol, atol);
  CVodeSetNonlinConvCoef(mem, variants[v].newton);
  CVodeSetStabLimDet(mem, variants[v].limit);
}

static void solve_again(void) { solve(); }

/* turns times one setting and returns the program's status. */
static int turns(N_Vector atol, const char *variant, const char *mode, double rtol) {
  for (int v = 0; v < 3; v++)
    for (int m = 0; m < 3; m++) {
      if (strcmp(variants[v].name, variant) || strcmp(modes[m].name, mode)) continue;
      set(atol, v, m, rtol);
      if (solve()) break;
      printf("%.6e\n", largest_error());
      fflush(stdout);
      take_turns(solve_again);
      return 0;
    }
  fprintf(stderr, "solve: no such setting, or CVODE fails with it\n");
  return 2;
}

/* read_reference fills times, reference and scale. */
static int read_reference(void) {
  while (count < MAXTIMES && scanf("%lf", &times[count]) == 1) {
    for (int i = 0; i < problem->dim; i++) {
      if (scanf("%lf", &reference[count][i]) != 1) return 0;
      if (fabs(reference[count][i]) > scale[i]) scale[i] = fabs(reference[count][i]);
    }
    count++;
  }
  int rest = getchar(); /* to the end of the line that ended the numbers */
  while (rest != '\n' && rest != EOF) rest = getchar();
  return count > 0;
}

int main(int argc, char **argv) {
  int one = argc == 6 && !strcmp(argv[2], "turns");
  if (!(argc == 4 || argc == 5 || one) || !(problem = find_problem(argv[1]))) {
    fprintf(stderr, "usage: solve PROBLEM SECONDS RUNS [PER_DECADE] < REFERENCE, or solve PROBLEM turns VARIANT MODE RTOL\n");
    return 2;
  }
  if (!read_reference()) {
    fprintf(stderr, "solve: the reference has no complete line\n");
    return 2;
  }
  SUNContext context;
  if (SUNContext_Create(NULL, &context)) return 1;
  y = N_VNew_Serial(problem->dim, context);
  memcpy(NV_DATA_S(y), problem->y0, problem->dim * sizeof(double));
  N_Vector atol = N_VClone(y);
  N_VConst(1e-9, atol);
  SUNMatrix matrix = SUNDenseMatrix(problem->dim, problem->dim, context);
  SUNLinearSolver solver = SUNLinSol_Dense(y, matrix, context);
  mem = CVodeCreate(CV_BDF, context);
  CVodeInit(mem, f, 0, y);
  CVodeSVtolerances(mem, 1e-3, atol);
  CVodeSetLinearSolver(mem, solver, matrix);
  CVodeSetJacFn(mem, jac);
  CVodeSetMaxNumSteps(mem, 100000);
  CVodeSetErrHandlerFn(mem, silent, NULL);

  if (one) return turns(atol, argv[3], argv[4], atof(argv[5]));
  double during = atof(argv[2]);
  int runs = atoi(argv[3]), per_decade = argc == 5 ? atoi(argv[4]) : 4;
  for (int v = 0; v < 3; v++)
    for (int m = 0; m < 3; m++)
      for (int k = 2 * per_decade; k <= 12.5 * per_decade; k++) {
        double rtol = pow(10, -k / (double)per_decade);
        set(atol, v, m, rtol);
        if (measure(variants[v].name, modes[m].name, rtol, during, runs) < tightest) break;
      }
  return 0;
}
