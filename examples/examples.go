// Package examples carries the data and configurations in its folders, so that the command has them at hand wherever it runs.
package examples

import "embed"

// FS holds the folders robertson and pollution.
//
//go:embed robertson pollution
var FS embed.FS
