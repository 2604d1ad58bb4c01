package sqlite

import "errors"

// ErrInUse says that another process has the data folder open.
var ErrInUse = errors.New("another process uses this data folder")
