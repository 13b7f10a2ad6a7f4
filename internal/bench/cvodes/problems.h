/* The problems that CVODE is measured on, each with its Jacobian, column by column, and initial state. They are those of package
   ode/problems, whose documentation gives the sources. */
#include <string.h>

enum { MAXDIM = 20 };

typedef struct {
  const char *name;
  int dim;
  void (*f)(const double *y, double *d);
  void (*jac)(const double *y, double *J); /* J[i + dim*j] = df_i/dy_j, zeroed before */
  double y0[MAXDIM];
} Problem;

/* Robertson's reaction. */
static void rober_f(const double *y, double *d) {
  double a = 0.04 * y[0], b = 1e4 * y[1] * y[2], c = 3e7 * y[1] * y[1];
  d[0] = b - a;
  d[1] = a - b - c;
  d[2] = c;
}

static void rober_jac(const double *y, double *J) {
  double b1 = 1e4 * y[2], b2 = 1e4 * y[1], c1 = 6e7 * y[1];
  J[0] = -0.04, J[1] = 0.04;
  J[3] = b1, J[4] = -b1 - c1, J[5] = c1;
  J[6] = b2, J[7] = -b2;
}

/* High irradiance response (Hairer and Wanner II, eq. IV.10.4). */
static void hires_f(const double *y, double *d) {
  double e = 280 * y[5] * y[7];
  d[0] = -1.71 * y[0] + 0.43 * y[1] + 8.32 * y[2] + 0.0007;
  d[1] = 1.71 * y[0] - 8.75 * y[1];
  d[2] = -10.03 * y[2] + 0.43 * y[3] + 0.035 * y[4];
  d[3] = 8.32 * y[1] + 1.71 * y[2] - 1.12 * y[3];
  d[4] = -1.745 * y[4] + 0.43 * (y[5] + y[6]);
  d[5] = -e + 0.69 * y[3] + 1.71 * y[4] - 0.43 * y[5] + 0.69 * y[6];
  d[6] = e - 1.81 * y[6];
  d[7] = -d[6];
}

static void hires_jac(const double *y, double *J) {
  double a = 280 * y[7], b = 280 * y[5];
  J[0] = -1.71, J[1] = 1.71;
  J[8] = 0.43, J[9] = -8.75, J[11] = 8.32;
  J[16] = 8.32, J[18] = -10.03, J[19] = 1.71;
  J[26] = 0.43, J[27] = -1.12, J[29] = 0.69;
  J[34] = 0.035, J[36] = -1.745, J[37] = 1.71;
  J[44] = 0.43, J[45] = -a - 0.43, J[46] = a, J[47] = -a;
  J[52] = 0.43, J[53] = 0.69, J[54] = -1.81, J[55] = 1.81;
  J[61] = -b, J[62] = b, J[63] = -b;
}

/* The Oregonator (Hairer and Wanner II, eq. IV.10.6). */
static void orego_f(const double *y, double *d) {
  d[0] = 77.27 * (y[1] + y[0] * (1 - 8.375e-6 * y[0] - y[1]));
  d[1] = (y[2] - (1 + y[0]) * y[1]) / 77.27;
  d[2] = 0.161 * (y[0] - y[2]);
}

static void orego_jac(const double *y, double *J) {
  J[0] = 77.27 * (1 - 2 * 8.375e-6 * y[0] - y[1]), J[1] = -y[1] / 77.27, J[2] = 0.161;
  J[3] = 77.27 * (1 - y[0]), J[4] = -(1 + y[0]) / 77.27;
  J[7] = 1 / 77.27, J[8] = -0.161;
}

/* Van der Pol's oscillator, stiffness 1/eps (Hairer and Wanner II, eq. IV.10.1). */
static void vdpol(double k, const double *y, double *d) {
  d[0] = y[1];
  d[1] = k * ((1 - y[0] * y[0]) * y[1] - y[0]);
}

static void vdpol_jac(double k, const double *y, double *J) {
  J[1] = k * (-2 * y[0] * y[1] - 1);
  J[2] = 1, J[3] = k * (1 - y[0] * y[0]);
}

static void vdpol6_f(const double *y, double *d) { vdpol(1e6, y, d); }
static void vdpol6_jac(const double *y, double *J) { vdpol_jac(1e6, y, J); }
static void vdpol3_f(const double *y, double *d) { vdpol(1e3, y, d); }
static void vdpol3_jac(const double *y, double *J) { vdpol_jac(1e3, y, J); }

/* Air pollution (Verwer 1994): rates r1 … r25 of 20 species. */
static void pollu_f(const double *y, double *d) {
  double r1 = .35 * y[0], r2 = 26.6 * y[1] * y[3], r3 = 12300 * y[4] * y[1], r4 = .86e-3 * y[6], r5 = .82e-3 * y[6], r6 = 15000 * y[6] * y[5],
         r7 = .13e-3 * y[8], r8 = 24000 * y[8] * y[5], r9 = 16500 * y[10] * y[1], r10 = 9000 * y[10] * y[0], r11 = .022 * y[12],
         r12 = 12000 * y[9] * y[1], r13 = 1.88 * y[13], r14 = 16300 * y[0] * y[5], r15 = 4.8e6 * y[2], r16 = .35e-3 * y[3],
         r17 = .0175 * y[3], r18 = 1e8 * y[15], r19 = .444e12 * y[15], r20 = 1240 * y[16] * y[5], r21 = 2.1 * y[18], r22 = 5.78 * y[18],
         r23 = .0474 * y[0] * y[3], r24 = 1780 * y[18] * y[0], r25 = 3.12 * y[19];
  d[0] = -r1 - r10 - r14 - r23 - r24 + r2 + r3 + r9 + r11 + r12 + r22 + r25;
  d[1] = -r2 - r3 - r9 - r12 + r1 + r21;
  d[2] = -r15 + r1 + r17 + r19 + r22;
  d[3] = -r2 - r16 - r17 - r23 + r15;
  d[4] = -r3 + 2 * r4 + r6 + r7 + r13 + r20;
  d[5] = -r6 - r8 - r14 - r20 + r3 + 2 * r18;
  d[6] = -r4 - r5 - r6 + r13;
  d[7] = r4 + r5 + r6 + r7;
  d[8] = -r7 - r8;
  d[9] = -r12 + r7 + r9;
  d[10] = -r9 - r10 + r8 + r11;
  d[11] = r9;
  d[12] = -r11 + r10;
  d[13] = -r13 + r12;
  d[14] = r14;
  d[15] = -r18 - r19 + r16;
  d[16] = -r20;
  d[17] = r20;
  d[18] = -r21 - r22 - r24 + r23 + r25;
  d[19] = -r25 + r24;
}

#define AT(i, j) J[(i) + 20 * (j)]
static void pollu_jac(const double *y, double *J) {
  double p2 = 26.6 * y[3], q2 = 26.6 * y[1], p3 = 12300 * y[1], q3 = 12300 * y[4], p6 = 15000 * y[5], q6 = 15000 * y[6], p8 = 24000 * y[5],
         q8 = 24000 * y[8], p9 = 16500 * y[1], q9 = 16500 * y[10], p10 = 9000 * y[0], q10 = 9000 * y[10], p12 = 12000 * y[1],
         q12 = 12000 * y[9], p14 = 16300 * y[5], q14 = 16300 * y[0], p20 = 1240 * y[5], q20 = 1240 * y[16], p23 = .0474 * y[3],
         q23 = .0474 * y[0], p24 = 1780 * y[0], q24 = 1780 * y[18];
  AT(0, 0) = -.35 - q10 - p14 - p23 - q24, AT(1, 0) = .35, AT(2, 0) = .35, AT(3, 0) = -p23, AT(5, 0) = -p14, AT(10, 0) = -q10, AT(12, 0) = q10;
  AT(14, 0) = p14, AT(18, 0) = p23 - q24, AT(19, 0) = q24;
  AT(0, 1) = p2 + q3 + q9 + q12, AT(1, 1) = -p2 - q3 - q9 - q12, AT(3, 1) = -p2, AT(4, 1) = -q3, AT(5, 1) = q3, AT(9, 1) = q9 - q12;
  AT(10, 1) = -q9, AT(11, 1) = q9, AT(13, 1) = q12;
  AT(2, 2) = -4.8e6, AT(3, 2) = 4.8e6;
  AT(0, 3) = q2 - q23, AT(1, 3) = -q2, AT(2, 3) = .0175, AT(3, 3) = -q2 - .35e-3 - .0175 - q23, AT(15, 3) = .35e-3, AT(18, 3) = q23;
  AT(0, 4) = p3, AT(1, 4) = -p3, AT(4, 4) = -p3, AT(5, 4) = p3;
  AT(0, 5) = -q14, AT(4, 5) = q6 + q20, AT(5, 5) = -q6 - q8 - q14 - q20, AT(6, 5) = -q6, AT(7, 5) = q6, AT(8, 5) = -q8, AT(10, 5) = q8;
  AT(14, 5) = q14, AT(16, 5) = -q20, AT(17, 5) = q20;
  AT(4, 6) = 2 * .86e-3 + p6, AT(5, 6) = -p6, AT(6, 6) = -.86e-3 - .82e-3 - p6, AT(7, 6) = .86e-3 + .82e-3 + p6;
  AT(4, 8) = .13e-3, AT(5, 8) = -p8, AT(7, 8) = .13e-3, AT(8, 8) = -.13e-3 - p8, AT(9, 8) = .13e-3, AT(10, 8) = p8;
  AT(0, 9) = p12, AT(1, 9) = -p12, AT(9, 9) = -p12, AT(13, 9) = p12;
  AT(0, 10) = p9 - p10, AT(1, 10) = -p9, AT(9, 10) = p9, AT(10, 10) = -p9 - p10, AT(11, 10) = p9, AT(12, 10) = p10;
  AT(0, 12) = .022, AT(10, 12) = .022, AT(12, 12) = -.022;
  AT(4, 13) = 1.88, AT(6, 13) = 1.88, AT(13, 13) = -1.88;
  AT(2, 15) = .444e12, AT(5, 15) = 2e8, AT(15, 15) = -1e8 - .444e12;
  AT(4, 16) = p20, AT(5, 16) = -p20, AT(16, 16) = -p20, AT(17, 16) = p20;
  AT(0, 18) = 5.78 - p24, AT(1, 18) = 2.1, AT(2, 18) = 5.78, AT(18, 18) = -2.1 - 5.78 - p24, AT(19, 18) = p24;
  AT(0, 19) = 3.12, AT(18, 19) = 3.12, AT(19, 19) = -3.12;
}
#undef AT

static const Problem problems[] = {
    {"ROBER", 3, rober_f, rober_jac, {1}},
    {"POLLU", 20, pollu_f, pollu_jac, {0, .2, 0, .04, 0, 0, .1, .3, .01, 0, 0, 0, 0, 0, 0, 0, .007}},
    {"HIRES", 8, hires_f, hires_jac, {1, 0, 0, 0, 0, 0, 0, .0057}},
    {"OREGO", 3, orego_f, orego_jac, {1, 2, 3}},
    {"VDPOL", 2, vdpol6_f, vdpol6_jac, {2, 0}},
    {"VDPOL-1e-3", 2, vdpol3_f, vdpol3_jac, {2, 0}},
};

static const Problem *find_problem(const char *name) {
  for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
    if (!strcmp(problems[i].name, name)) return &problems[i];
  return NULL;
}
