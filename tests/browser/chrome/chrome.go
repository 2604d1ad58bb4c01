// Package chrome drives a real Chromium for tests: it opens tabs in the looks that
// readers have (light or dark, wide or phone, scripts on or off), fills in forms,
// takes pictures and lets axe judge the accessibility of a page.
//
// Pictures go to the folder that FARTHING_ARTIFACTS names; without it none are kept.
// Where there is no Chromium, tests are skipped, unless FARTHING_BROWSER=required.
package chrome

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// patience is how long one step may take before the test fails.
const patience = 30 * time.Second

// Look is how a reader's browser is set up.
type Look struct {
	Name     string
	Width    int64
	Height   int64
	Dark     bool
	NoScript bool
}

// The looks that every page is seen in.
var (
	Light = Look{Name: "light", Width: 1200, Height: 860}
	Dark  = Look{Name: "dark", Width: 1200, Height: 860, Dark: true}
	Phone = Look{Name: "phone", Width: 360, Height: 740, NoScript: true}
)

// Browser is one running Chromium.
type Browser struct {
	t   testing.TB
	ctx context.Context
}

// Start runs Chromium until the test ends.
func Start(t testing.TB) *Browser {
	if testing.Short() {
		t.Skip("the quick round opens no browser")
	}
	t.Helper()
	path, err := find()
	if err != nil {
		if os.Getenv("FARTHING_BROWSER") == "required" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("hide-scrollbars", true), chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("disable-extensions", true), chromedp.Flag("mute-audio", true),
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, shut := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		// Cancel closes Chromium and waits for it, so that its folder can be removed.
		if err := chromedp.Cancel(ctx); err != nil {
			t.Log(err)
		}
		shut()
		stop()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("Chromium does not start: %v", err)
	}
	return &Browser{t: t, ctx: ctx}
}

func find() (string, error) {
	if path := os.Getenv("FARTHING_CHROMIUM"); path != "" {
		return exec.LookPath(path)
	}
	if path, err := exec.LookPath("chromium"); err == nil {
		return path, nil
	}
	return exec.LookPath("google-chrome")
}

// Tab is one window with cookies of its own.
type Tab struct {
	t    testing.TB
	ctx  context.Context
	look Look
}

// Tab opens a window that shares nothing with the others.
func (b *Browser) Tab(look Look) *Tab {
	b.t.Helper()
	ctx, closeTab := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	b.t.Cleanup(closeTab)
	tab := &Tab{t: b.t, ctx: ctx, look: look}
	// The first step opens the tab and must not have a deadline: the tab would end with it.
	if err := chromedp.Do(ctx); err != nil {
		b.t.Fatalf("no new tab: %v", err)
	}
	tab.Look(look)
	return tab
}

// For returns the tab as a step of another test sees it, a subtest for one.
func (tab *Tab) For(t testing.TB) *Tab { return &Tab{t: t, ctx: tab.ctx, look: tab.look} }

// Look changes how the tab is set up.
func (tab *Tab) Look(look Look) {
	tab.t.Helper()
	scheme := "light"
	if look.Dark {
		scheme = "dark"
	}
	tab.look = look
	tab.Do(chromedp.EmulateViewport(look.Width, look.Height))
	call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: look.NoScript})
}

// Do does what chromedp offers, with a bound on the time it takes.
func (tab *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, done := context.WithTimeout(tab.ctx, patience)
	defer done()
	if err := chromedp.Do(ctx, steps...); err != nil {
		tab.t.Fatalf("in the browser: %v", err)
	}
}

// run does one thing that has an answer.
func run[T any](tab *Tab, action chromedp.Action[T]) T {
	tab.t.Helper()
	ctx, done := context.WithTimeout(tab.ctx, patience)
	defer done()
	out, err := chromedp.Run(ctx, action)
	if err != nil {
		tab.t.Fatalf("in the browser: %v", err)
	}
	return out
}

// call sends a command of the protocol itself.
func call[P, R any](tab *Tab, command cdp.Command[P, R], params P) R {
	tab.t.Helper()
	ctx, done := context.WithTimeout(tab.ctx, patience)
	defer done()
	out, err := chromedp.Call(ctx, command, params)
	if err != nil {
		tab.t.Fatalf("in the browser: %v", err)
	}
	return out
}

// Go opens an address, as if typed, and returns the HTTP status of the page.
func (tab *Tab) Go(address string) int {
	tab.t.Helper()
	return tab.answer(chromedp.Navigate(address))
}

// Click clicks on what a CSS selector finds, which leads to another page, and
// returns the status of that page.
func (tab *Tab) Click(selector string) int {
	tab.t.Helper()
	return tab.answer(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Press types keys into what has the focus, which leads to another page, and returns
// the status of that page.
func (tab *Tab) Press(keys string) int {
	tab.t.Helper()
	return tab.answer(chromedp.KeyEvent(keys))
}

func (tab *Tab) answer(steps ...chromedp.Action[chromedp.Void]) int {
	tab.t.Helper()
	ctx, done := context.WithTimeout(tab.ctx, patience)
	defer done()
	response, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		tab.t.Fatalf("in the browser: %v", err)
	}
	if response == nil {
		return 0
	}
	return int(response.Status)
}

// Fill writes text into a field, in place of what is there. (chromedp.SendKeys looks at the
// field's attributes while a page's own script may be changing them.)
func (tab *Tab) Fill(selector, text string) {
	tab.t.Helper()
	tab.Do(chromedp.Clear(chromedp.CSS(selector)), chromedp.Focus(chromedp.CSS(selector), chromedp.NodeVisible), chromedp.KeyEvent(text))
}

// LogIn logs in at the login page of the provider at base.
func (tab *Tab) LogIn(base, email, password string) {
	tab.t.Helper()
	tab.Go(base + "/login")
	tab.Fill("#email", email)
	tab.Fill("#password", password)
	if status := tab.Click("main form button"); status != 200 {
		tab.t.Fatalf("after logging in as %s the page answered %d:\n%s", email, status, tab.Text())
	}
}

// Address returns where the tab is.
func (tab *Tab) Address() string {
	tab.t.Helper()
	return run(tab, chromedp.Location())
}

// Text returns what the page says.
func (tab *Tab) Text() string {
	tab.t.Helper()
	return tab.Eval("document.body.innerText")
}

// Eval returns the string that an expression comes to. It runs beside the page, so
// it does so with scripts off too.
func (tab *Tab) Eval(expression string) string {
	tab.t.Helper()
	return run(tab, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
}

// WantText fails the test where the page does not say all of texts.
func (tab *Tab) WantText(texts ...string) {
	tab.t.Helper()
	said := tab.Text()
	for _, text := range texts {
		if !strings.Contains(said, text) {
			tab.t.Errorf("%s does not say %q:\n%s", tab.Address(), text, said)
		}
	}
}

// Shot keeps a picture of the whole page under a name, with the look's name added.
func (tab *Tab) Shot(name string) {
	tab.t.Helper()
	folder := os.Getenv("FARTHING_ARTIFACTS")
	if folder == "" {
		return
	}
	picture := run(tab, chromedp.FullScreenshot(100))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		tab.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+"-"+tab.look.Name+".png"), picture, 0o644); err != nil {
		tab.t.Fatal(err)
	}
}
