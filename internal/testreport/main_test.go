package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	const events = `
{"Action":"start","Package":"a"}
{"Action":"run","Package":"a","Test":"TestGood"}
{"Action":"output","Package":"a","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"output","Package":"a","Test":"TestGood","Output":"--- PASS: TestGood (0.00s)\n"}
{"Action":"pass","Package":"a","Test":"TestGood"}
{"Action":"output","Package":"a","Test":"TestNeeds","Output":"=== RUN   TestNeeds\n"}
{"Action":"output","Package":"a","Test":"TestNeeds","Output":"    x_test.go:12: needs a moon\n"}
{"Action":"output","Package":"a","Test":"TestNeeds","Output":"--- SKIP: TestNeeds (0.00s)\n"}
{"Action":"skip","Package":"a","Test":"TestNeeds"}
{"Action":"output","Package":"a","Output":"PASS\n"}
{"Action":"output","Package":"a","Output":"ok  \ta\t0.1s\n"}
{"Action":"pass","Package":"a"}
{"Action":"output","Package":"b","Test":"TestBad","Output":"=== RUN   TestBad\n"}
{"Action":"output","Package":"b","Test":"TestBad","Output":"    y_test.go:3: wrong\n"}
{"Action":"output","Package":"b","Test":"TestBad","Output":"--- FAIL: TestBad (0.00s)\n"}
{"Action":"fail","Package":"b","Test":"TestBad"}
{"Action":"output","Package":"b","Test":"TestToo","Output":"    y_test.go:9: needs a moon\n"}
{"Action":"skip","Package":"b","Test":"TestToo"}
{"Action":"output","Package":"b","Output":"FAIL\tb\t0.1s\n"}
{"Action":"fail","Package":"b"}
{"Action":"output","Package":"c","Output":"?   \tc\t[no test files]\n"}
{"Action":"skip","Package":"c"}
`
	const want = `ok  	a	0.1s
=== RUN   TestBad
    y_test.go:3: wrong
--- FAIL: TestBad (0.00s)
FAIL	b	0.1s
?   	c	[no test files]

skipped, since this machine or this checkout lacks what they need, or since they were not asked for:
  needs a moon
      a TestNeeds
      b TestToo
`
	var got strings.Builder
	if err := report(strings.NewReader(strings.TrimPrefix(events, "\n")), &got); err != nil {
		t.Fatal(err)
	}
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}
