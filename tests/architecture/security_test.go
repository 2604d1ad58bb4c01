package architecture

import (
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// apart are the parts of the module that are no part of the provider.
var apart = []string{"sdk", "examples", "bench", "tests"}

// ofProvider reports whether a file is a part of what serves.
func ofProvider(path, part string) bool {
	first, _, _ := strings.Cut(part, "/")
	return !slices.Contains(apart, first) && !strings.HasSuffix(path, "_test.go")
}

// calling are the ways out of the process, by package and name.
var calling = map[string][]string{
	"net":  {"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialUnix", "Dialer", "DefaultResolver", "LookupHost", "LookupIP", "LookupAddr"},
	"tls":  {"Dial", "DialWithDialer", "Dialer"},
	"http": {"Get", "Head", "Post", "PostForm", "DefaultClient", "DefaultTransport", "Client", "Transport"},
	"mail": {"NewClient"},
	"pgx":  {"Connect", "ConnectConfig"},
	"exec": {"Command", "CommandContext"},
}

// callers are the files and folders that may use them: docs/security.md, "What it talks to".
var callers = []string{"outbound/client.go", "mailer/smtp.go", "store/postgres", "edge/local/socket.go", "cmd/farthing/check.go"}

func TestOnlyTheseCallOut(t *testing.T) {
	found := map[string]bool{}
	eachFile(t, func(path, part string, file *ast.File) {
		if !ofProvider(path, part) {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			selected, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			from, ok := selected.X.(*ast.Ident)
			if !ok || !slices.Contains(calling[from.Name], selected.Sel.Name) {
				return true
			}
			at := slices.IndexFunc(callers, func(caller string) bool { return path == caller || part == caller })
			if at >= 0 {
				found[callers[at]] = true
			} else if !named(file, from.Name, selected.Sel.Name) {
				t.Errorf("%s uses %s.%s: what the provider talks to goes through %v", path, from.Name, selected.Sel.Name, callers)
			}
			return true
		})
	})
	for _, caller := range callers {
		if !found[caller] {
			t.Errorf("%s calls nobody any more", caller)
		}
	}
}

// named reports whether a file only names the type of a client that another made.
func named(file *ast.File, from, name string) bool {
	only := from == "http" && name == "Client"
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.CompositeLit); ok {
			if selected, ok := literal.Type.(*ast.SelectorExpr); ok && selected.Sel.Name == name {
				only = false
			}
		}
		return true
	})
	return only
}

// TestCryptographyIsListed compares what the code uses with the table in docs/security.md.
func TestCryptographyIsListed(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	eachFile(t, func(path, part string, file *ast.File) {
		if !ofProvider(path, part) {
			return
		}
		for _, spec := range file.Imports {
			target, _ := strconv.Unquote(spec.Path.Value)
			if target != "crypto" && !strings.HasPrefix(target, "crypto/") && !slices.ContainsFunc([]string{"golang.org/x/crypto", "filippo.io/", "argon2", "jose", "webauthn", "otp", "jwt", "pbkdf", "scrypt", "nacl"}, func(word string) bool { return strings.Contains(target, word) }) {
				continue
			}
			listed := false
			for name := target; name != "." && !listed; name = filepath.Dir(name) {
				listed = strings.Contains(string(content), "`"+name+"`")
				if strings.HasPrefix(target, "crypto/") {
					break
				}
			}
			if !listed {
				t.Errorf("%s imports %s, which docs/security.md does not have under keys and algorithms", path, target)
			}
			used[target] = true
		}
	})
	if len(used) < 10 {
		t.Errorf("only %v are used", used)
	}
}
