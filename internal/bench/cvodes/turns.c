/* A single setting of the C baseline's own programs, timed in turns. Those programs run all their settings one after the other; this one is
   compiled with the source of one of them, bench_mech.c (with MECHANISTIC) or bench_node.c, and repeats what it times.

   turns-mechP               MODE RTOL
   turns-nodeP[inv] forward  VARIANT MODE RTOL
   turns-nodeP[inv] adjoint  INTERP NLCONV MODE ATOLB QUAD_ERRCON RTOL
   turns-nodeP[inv] sens     ISM MODE SENS_ERRCON RTOL

   The words are those of the baseline's output. It is run in the baseline's data folder, prints the setting's error as that
   output does, and then takes turns (turns.h). */
#define main baseline_main
#ifdef MECHANISTIC
#include "bench_mech.c"
#else
#include "bench_node.c"
#endif
#undef main
#include "turns.h"

static int is(const char *a, const char *b) { return !strcmp(a, b); }

static int usage(void) {
  fprintf(stderr, "turns: no such setting; the words are explained in turns.c\n");
  return 2;
}

#ifdef MECHANISTIC

int main(int argc, char **argv) {
  if (argc != 3) return usage();
  double rtol = atof(argv[2]), scale[N] = {0}, worst = 0;
  readtab(PROB == 1 ? "rober_ref.txt" : "pollu_ref.txt", TS, &R[0][0], K, N);
  SUNContext context;
  SUNContext_Create(NULL, &context);
  y = N_VNew_Serial(N, context);
  model_y0(N_VGetArrayPointer(y));
  mem = CVodeCreate(CV_BDF, context);
  CVodeInit(mem, f, 0, y);
  N_Vector atol = N_VClone(y);
  for (int i = 0; i < N; i++) {
    for (int k = 0; k < K; k++) scale[i] = fmax(scale[i], fabs(R[k][i]));
    N_VGetArrayPointer(atol)[i] = rtol * 1e-3 * scale[i];
  }
  if (is(argv[1], "scalar"))
    CVodeSStolerances(mem, rtol, rtol * (PROB == 1 ? 1e-6 : 1e-8));
  else
    CVodeSVtolerances(mem, rtol, atol);
  SUNMatrix A = SUNDenseMatrix(N, N, context);
  CVodeSetLinearSolver(mem, SUNLinSol_Dense(y, A, context), A);
  CVodeSetJacFn(mem, jac);
  CVodeSetMaxNumSteps(mem, 1000000);
  solve();
  if (fail) return usage();
  for (int k = 0; k < K; k++)
    for (int i = 0; i < N; i++) worst = fmax(worst, fabs(Y[k][i] - R[k][i]) / scale[i]);
  printf("%.6e\n", worst);
  fflush(stdout);
  take_turns(solve);
  return 0;
}

#else

static Fsa sensitivities;
static int scheme;
static void adjoint(void) { asa_run(&A0); }
static void forward_sensitivities(void) { fsa_run(&sensitivities, scheme); }

static int mode_of(const char *name) {
  for (int i = 0; i < 4; i++)
    if (is(name, mname[i])) return i;
  return -1;
}

/* read_network does what the baseline's main does before its loops. */
static void read_network(void) {
  double scale[N];
  readtab(PROB == 1 ? "rober_ref.txt" : "pollu_ref.txt", TS, &D[0][0], K, N);
  readtab(PROB == 1 ? "rober_noderef.txt" : "pollu_noderef.txt", TS, &YR[0][0], K, N);
  readtab(PROB == 1 ? "rober_ysc.txt" : "pollu_ysc.txt", 0, ysc, N, 1);
  readtab(PROB == 1 ? "rober_gref.txt" : "pollu_gref.txt", 0, GR, NP, 1);
  readtab(PROB == 1 ? "rober_p.txt" : "pollu_p.txt", 0, P, NP, 1);
  for (int i = 0; i < N; i++) scale[i] = ysc[i] / (double)TEND;
  net_pack(&net, P, scale);
  for (int k = 0; k < K; k++)
    for (int i = 0; i < N; i++) {
      double r = YR[k][i] - D[k][i];
      SG[k][i] = (r > 0) - (r < 0);
    }
  SUNContext_Create(NULL, &ctx);
  y = N_VNew_Serial(N, ctx);
  N_VEnableFusedOps_Serial(y, SUNTRUE);
  av = N_VClone(y);
}

/* gradient_turns judges by the gradient with the residuals' signs fixed and times it with its own, as the baseline does. */
static void gradient_turns(void (*compute)(void)) {
  double largest;
  own = 0, compute();
  printf("%.6e\n", gerr(G, &largest));
  fflush(stdout);
  own = 1, take_turns(compute);
}

int main(int argc, char **argv) {
  if (argc < 5) return usage();
  read_network();
  const char *what = argv[1];
  double rtol = atof(argv[argc - 1]);
  if (is(what, "forward") && argc == 5 && mode_of(argv[3]) >= 0) {
    int often = is(argv[2], "both") || is(argv[2], "lsetup_freq=1,jac_freq=1");
    int tight = is(argv[2], "both") || is(argv[2], "nlconv=0.01");
    if (!often && !tight && !is(argv[2], "default")) return usage();
    mF = mk();
    CVodeSetErrHandlerFn(mF, quiet, 0);
    CVodeSetLSetupFrequency(mF, often ? 1 : 20);
    CVodeSetJacEvalFrequency(mF, often ? 1 : 51);
    CVodeSetNonlinConvCoef(mF, tight ? 0.01 : 0.1);
    settol(mF, rtol, mode_of(argv[3]));
    fwd();
    if (fail) return usage();
    printf("%.6e\n", yerr());
    fflush(stdout);
    take_turns(fwd);
    return 0;
  }
  if (is(what, "adjoint") && argc == 8 && mode_of(argv[4]) >= 0) {
    double nlconv = atof(argv[3]), factor = 0;
    if (sscanf(argv[5], "rtol*%lf/", &factor) != 1) return usage();
    asa_make(&A0, is(argv[2], "poly") ? CV_POLYNOMIAL : CV_HERMITE, 20000);
    CVodeSetErrHandlerFn(A0.m, quiet, 0);
    CVodeSetNonlinConvCoef(A0.m, nlconv);
    CVodeSetNonlinConvCoef(CVodeGetAdjCVodeBmem(A0.m, A0.wb), nlconv);
    settol(A0.m, rtol, mode_of(argv[4]));
    asa_tol(&A0, rtol, factor, atoi(argv[6]), 1e-3);
    gradient_turns(adjoint);
    return 0;
  }
  if (is(what, "sens") && argc == 6 && mode_of(argv[3]) >= 0) {
    scheme = is(argv[2], "staggered") ? CV_STAGGERED : CV_SIMULTANEOUS;
    fsa_make(&sensitivities, scheme);
    CVodeSetErrHandlerFn(sensitivities.m, quiet, 0);
    fsa_tol(&sensitivities, rtol, mode_of(argv[3]), atoi(argv[4]));
    gradient_turns(forward_sensitivities);
    return 0;
  }
  return usage();
}

#endif
