// Package sqlite keeps everything in one SQLite file: the default, and enough for
// one machine. It is pure Go.
//
// The file is in WAL mode. An append is one INSERT, made durable by one fsync
// (synchronous=FULL) before anybody is answered. Derived data is committed without
// an fsync of its own: the WAL is one file, so the next append makes it
// durable, and a power cut can only ever lose the end of the WAL.
//
// There is one writer at a time, guarded by a mutex; reads have connections of
// their own. Checkpoints run in the background and hold the mutex for their last
// few pages only. A lock file keeps a second process out.
package sqlite
