//go:build !linux && !darwin

package main

// freeBytes is known on Linux and macOS only.
func freeBytes(string) (free uint64, known bool) { return 0, false }
