package model

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math"
	"slices"
	"strings"
)

// contentSum is the SHA-256, in hexadecimal notation, of what a file holds: the description and a line break, then for every tensor, in the order
// of the names, the name, a line break and the bytes. How a program lays the file out does not change it.
func contentSum(description string, arrays []array) string {
	h := sha256.New()
	io.WriteString(h, description+"\n")
	sorted := slices.Clone(arrays)
	slices.SortFunc(sorted, func(a, b array) int { return strings.Compare(a.name, b.name) })
	var b []byte
	for _, a := range sorted {
		io.WriteString(h, a.name+"\n")
		b = b[:0]
		for _, v := range a.values {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// checkSum compares a file's sum with its content. Files of versions before the sum have none.
func checkSum(metadata map[string]string, arrays []array) error {
	sum, ok := metadata[sumKey]
	if !ok {
		for key, value := range metadata {
			if raw, err := hex.DecodeString(value); key != descriptionKey && err == nil && len(raw) == sha256.Size {
				return refuse("it is damaged: the metadata have a checksum under the unknown name "+key, nil)
			}
		}
		return nil
	}
	if sum != contentSum(metadata[descriptionKey], arrays) {
		e := refuse("it is damaged, or was changed: its checksum does not agree with its content", nil)
		e.Remedy = "take a copy that is sound; who changed it on purpose removes the entry " + sumKey + " from its metadata"
		return e
	}
	return nil
}
