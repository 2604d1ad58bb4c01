// Package wire writes and reads the parts of CBOR (RFC 8949) that Farthing's records are
// made of, by hand.
//
// Journal entries and snapshots of accounts are encoded and decoded by the thousand in
// each second, and doing that by reflection costs more than deciding the purchases. So
// their most common forms are written by these few functions, byte for byte as the library
// would write them: maps with small integer keys in ascending order, every head in its
// shortest form. Whatever a Reader does not know is left to the library.
package wire
