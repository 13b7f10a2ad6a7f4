/* Robertson's problem forward to t = 1e5 and back by CVODE's BDF at rtol = atol = tol, at the 21 tolerances about 1e-6, 1e-7, 1e-8 and
   1e-10 of `stiffnode paper fig1`: one line a tolerance, then how many of each 21 finished within 1e3 of y1(0) = 1, and their median
   error. With the argument "difference" the Jacobian is CVODE's difference quotient. */
#include <cvode/cvode.h>
#include <math.h>
#include <nvector/nvector_serial.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_dense.h>

enum { DECADE = 21 };

static int rates(realtype t, N_Vector state, N_Vector out, void *user) {
  (void)t, (void)user;
  const double *y = N_VGetArrayPointer(state);
  double *d = N_VGetArrayPointer(out), slow = 0.04 * y[0], fast = 3e7 * y[1] * y[1], back = 1e4 * y[1] * y[2];
  d[0] = back - slow, d[1] = slow - back - fast, d[2] = fast;
  return 0;
}

static int jacobian(realtype t, N_Vector state, N_Vector f, SUNMatrix J, void *user, N_Vector w1, N_Vector w2, N_Vector w3) {
  (void)t, (void)f, (void)user, (void)w1, (void)w2, (void)w3;
  const double *y = N_VGetArrayPointer(state);
  const double rows[3][3] = {{-0.04, 1e4 * y[2], 1e4 * y[1]}, {0.04, -1e4 * y[2] - 6e7 * y[1], -1e4 * y[1]}, {0, 6e7 * y[1], 0}};
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) SM_ELEMENT_D(J, i, j) = rows[i][j];
  return 0;
}

static int solve(SUNContext c, double tol, double from, double to, int given, double *y, long *steps) {
  N_Vector state = N_VMake_Serial(3, y, c);
  SUNMatrix A = SUNDenseMatrix(3, 3, c);
  SUNLinearSolver solver = SUNLinSol_Dense(state, A, c);
  void *mem = CVodeCreate(CV_BDF, c);
  realtype t;
  CVodeInit(mem, rates, from, state);
  CVodeSStolerances(mem, tol, tol);
  CVodeSetLinearSolver(mem, solver, A);
  if (given) CVodeSetJacFn(mem, jacobian);
  CVodeSetErrFile(mem, NULL);
  CVodeSetMaxNumSteps(mem, 200000);
  CVodeSetStopTime(mem, to);
  int flag = CVode(mem, to, state, &t, CV_NORMAL);
  CVodeGetNumSteps(mem, steps);
  CVodeFree(&mem), SUNLinSolFree(solver), SUNMatDestroy(A), N_VDestroy(state);
  return flag;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  const double about[] = {1e-6, 1e-7, 1e-8, 1e-10};
  int given = !(argc > 1 && strcmp(argv[1], "difference") == 0);
  SUNContext c;
  SUNContext_Create(NULL, &c);
  for (int k = 0; k < 4; k++) {
    double errors[DECADE];
    int finished = 0;
    for (int i = 0; i < DECADE; i++) {
      double tol = about[k] * pow(10, (double)(i - DECADE / 2) / DECADE), y[3] = {1, 0, 0};
      long there = 0, back = 0;
      int ok = solve(c, tol, 0, 1e5, given, y, &there) >= 0 && solve(c, tol, 1e5, 0, given, y, &back) >= 0;
      double e = fabs(y[0] - 1);
      ok = ok && e < 1e3;
      if (ok) errors[finished++] = e;
      printf("{\"tol\":%.3g,\"error\":%.3g,\"finished\":%s,\"steps\":%ld,\"steps_back\":%ld}\n", tol, e, ok ? "true" : "false", there, back);
    }
    qsort(errors, finished, sizeof *errors, ascending);
    double median = finished == 0 ? NAN : (errors[(finished - 1) / 2] + errors[finished / 2]) / 2;
    printf("{\"about\":%.3g,\"finished\":%d,\"of\":%d,\"median\":%.3g}\n", about[k], finished, DECADE, median);
  }
  SUNContext_Free(&c);
  return 0;
}
