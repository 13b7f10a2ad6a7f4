// Package clock tells how much time a computation took.
package clock

import "time"

var start = time.Now()
