package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A cProgram is a program as C, compiled, beside a main function that times it.
type cProgram struct {
	missing string // why there is none
	dir     string
}

func (c *cProgram) remove() { os.RemoveAll(c.dir) }

// timer calls fun over and over, for a given number of times in each of a few rounds, and prints the least nanoseconds of f, and of f and J. The
// function is in another file, and the state changes from call to call, so that nothing can be moved out of the loop.
const timer = `#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <time.h>
void fun_bind(double *c, const double *p);
void fun(double *f, double *jac, double t, const double *y, const double *u, const double *c);
static double f[%[1]d], jac[%[2]d], y[%[1]d], p[%[3]d], c[%[4]d];
static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return 1e9*(double)t.tv_sec + (double)t.tv_nsec;
}
int main(void)
{
	double best[2] = {1e30, 1e30};
	for (int i = 0; i < %[1]d; i++) y[i] = 0.5 + 1e-3*i;
	for (int i = 0; i < %[3]d; i++) p[i] = 1 + 1e-2*i;
	fun_bind(c, p);
	for (int round = 0; round < 3; round++)
		for (int k = 0; k < 2; k++) {
			const double start = now();
			for (int i = 0; i < %[5]d; i++) {
				y[0] += 1e-12;
				fun(f, k ? jac : 0, 0, y, 0, c);
			}
			const double each = (now() - start)/%[5]d;
			if (each < best[k]) best[k] = each;
		}
	printf("%%.3f %%.3f\n", best[0], best[1]);
	return 0;
}
`

// buildProgram compiles a case's program. That there is no gcc is not an error.
func buildProgram(ctx context.Context, c *programCase) (*cProgram, error) {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		return &cProgram{missing: "gcc is not there"}, nil
	}
	source, room, err := c.prog.CSource("fun")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "programs")
	if err != nil {
		return nil, err
	}
	out := &cProgram{dir: dir}
	entries := len(c.prog.JacobianPattern().Rows)
	files := map[string]string{"fun.c": source, "main.c": fmt.Sprintf(timer, len(c.prog.States()), max(1, entries), max(1, c.prog.NumParams()), max(1, room), 1_000_000/(entries+20))}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			out.remove()
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, gcc, "-O3", "-march=native", "-o", "program", "main.c", "fun.c", "-lm")
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		out.remove()
		return nil, fmt.Errorf("gcc for %s: %w\n%s", c.name, err, strings.TrimSpace(string(text)))
	}
	return out, nil
}

// run measures once.
func (c *cProgram) run(ctx context.Context) (ns [2]float64, err error) {
	text, err := exec.CommandContext(ctx, filepath.Join(c.dir, "program")).Output()
	if err != nil {
		return ns, err
	}
	_, err = fmt.Sscan(string(text), &ns[0], &ns[1])
	return ns, err
}
