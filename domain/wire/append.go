package wire

import "encoding/binary"

// The major types of CBOR (RFC 8949, section 3), and its two truths.
const (
	Uint  = 0 << 5
	Int   = 1 << 5
	Bytes = 2 << 5
	Text  = 3 << 5
	Array = 4 << 5
	Map   = 5 << 5
	False = 0xf4
	True  = 0xf5
)

// Count returns how many of the parts are there: a map is headed by the number of its fields.
func Count(there ...bool) int {
	n := 0
	for _, is := range there {
		if is {
			n++
		}
	}
	return n
}

// AppendIDField appends a field of a map, unless the id is zero.
func AppendIDField(b []byte, field byte, id [16]byte) []byte {
	if id == [16]byte{} {
		return b
	}
	return append(append(b, field, Bytes|16), id[:]...)
}

// AppendUintField appends a field of a map, unless the value is zero.
func AppendUintField(b []byte, field byte, value uint64) []byte {
	if value == 0 {
		return b
	}
	return AppendHead(append(b, field), Uint, value)
}

// AppendIntField appends a field of a map, unless the value is zero.
func AppendIntField(b []byte, field byte, value int64) []byte {
	if value == 0 {
		return b
	}
	return AppendInt(append(b, field), value)
}

// AppendInt appends a whole number.
func AppendInt(b []byte, value int64) []byte {
	if value < 0 {
		return AppendHead(b, Int, uint64(-(value + 1)))
	}
	return AppendHead(b, Uint, uint64(value))
}

// AppendBytes appends a string of bytes.
func AppendBytes(b, value []byte) []byte {
	return append(AppendHead(b, Bytes, uint64(len(value))), value...)
}

// AppendText appends a text.
func AppendText(b []byte, value string) []byte {
	return append(AppendHead(b, Text, uint64(len(value))), value...)
}

// AppendHead appends the head of an item in its shortest form.
func AppendHead(b []byte, major byte, value uint64) []byte {
	switch {
	case value < 24:
		return append(b, major|byte(value))
	case value <= 0xff:
		return append(b, major|24, byte(value))
	case value <= 0xffff:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(value))
	case value <= 0xffffffff:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(value))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), value)
}
