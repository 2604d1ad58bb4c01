package launch

import "bytes"

// Worst are the lines of a log that no fault around the process excuses, the first 400 bytes of
// each.
func Worst(log []byte) (lines []string) {
	for line := range bytes.Lines(log) {
		line = bytes.ReplaceAll(line, []byte("derived from the journal is damaged"), nil) // that is made again
		for _, word := range []string{"panic", "fatal error", "DATA RACE", "journal_damaged", "journal_other", "journal is damaged", "shorter or another journal"} {
			if bytes.Contains(line, []byte(word)) {
				lines = append(lines, string(line[:min(len(line), 400)]))
				break
			}
		}
	}
	return lines
}
