// Package testutil holds what the tests of several packages need.
package testutil

import (
	"os"
	"path/filepath"
	"testing"
)

// Shared returns the path of a file of the optional reference folder that may lie beside a checkout
// (environment variable STIFFNODE_SHARED, or a folder named shared in a parent folder) and skips the test where
// it is absent: such tests compare with published material that the project does not carry.
func Shared(t testing.TB, elem ...string) string {
	t.Helper()
	rel := filepath.Join(elem...)
	if root := os.Getenv("STIFFNODE_SHARED"); root != "" {
		return existing(t, filepath.Join(root, rel))
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		path := filepath.Join(dir, "shared", rel)
		if _, err := os.Stat(path); err == nil {
			return path
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Skipf("reference file %s not found: no folder named shared beside the checkout and STIFFNODE_SHARED is not set", rel)
		}
		dir = parent
	}
}

func existing(t testing.TB, path string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Skipf("reference file not found: %v", err)
	}
	return path
}
