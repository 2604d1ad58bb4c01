// Package paging cuts lists into pages: of the catalogue, whose cursor is the id of the last
// thing on a page, and of the journal, whose cursor is the number of an entry.
package paging
