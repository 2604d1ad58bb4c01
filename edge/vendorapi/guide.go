package vendorapi

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed guide.html guide.css
var guideFiles embed.FS

// guide is the page of /docs, made once from the OpenAPI document. It loads nothing:
// its one style sheet is inside, and the policy permits that one only.
type guide struct {
	page   []byte
	policy string
}

type guideView struct {
	Title, About string
	Style        template.CSS
	Groups       []guideGroup
	Reasons      []reason
}

type guideGroup struct {
	Name, About string
	Routes      []guideRoute
}

type guideRoute struct {
	ID, Method, Path, Summary, About string
	Keyed, List                      bool
	In, Out                          []guideField
	Status                           string
	Refusals                         []string
	Curl                             string
}

type guideField struct {
	Name, Type, About string
	Required          bool
	Depth             int
}

func renderGuide(document *huma.OpenAPI) guide {
	style, err := guideFiles.ReadFile("guide.css")
	if err != nil {
		panic(err) // it is embedded
	}
	view := guideView{Title: document.Info.Title, About: document.Info.Description, Style: template.CSS(style), Reasons: reasons()}
	for _, tag := range document.Tags {
		group := guideGroup{Name: tag.Name, About: tag.Description}
		for _, path := range slices.Sorted(keys(document.Paths)) {
			for _, o := range []*huma.Operation{document.Paths[path].Post, document.Paths[path].Get} {
				if o != nil && o.Tags[0] == tag.Name {
					group.Routes = append(group.Routes, guideRouteOf(document, o))
				}
			}
		}
		view.Groups = append(view.Groups, group)
	}
	var out bytes.Buffer
	if err := template.Must(template.ParseFS(guideFiles, "guide.html")).Execute(&out, view); err != nil {
		panic(err) // of our own template; any test would meet it
	}
	sum := sha256.Sum256(style)
	return guide{page: out.Bytes(), policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func guideRouteOf(document *huma.OpenAPI, o *huma.Operation) guideRoute {
	route := guideRoute{ID: o.OperationID, Method: o.Method, Path: o.Path, Summary: o.Summary, About: o.Description}
	registry := document.Components.Schemas
	for _, p := range o.Parameters {
		route.Keyed = route.Keyed || strings.HasSuffix(p.Ref, "IdempotencyKey")
		route.List = route.List || strings.HasSuffix(p.Ref, "Cursor")
	}
	if o.RequestBody != nil {
		route.In = guideFields(registry, o.RequestBody.Content["application/json"].Schema, 0)
	}
	for status, response := range o.Responses {
		if body, ok := response.Content["application/json"]; ok && (route.Status == "" || status > route.Status) {
			route.Status = status
			route.Out = guideFields(registry, body.Schema, 0)
		}
	}
	for status, response := range o.Responses {
		if n, err := strconv.Atoi(status); err == nil && n >= 400 {
			_, codes, _ := strings.Cut(response.Description, ": ")
			route.Refusals = append(route.Refusals, status+" "+codes)
		}
	}
	sort.Strings(route.Refusals)
	route.Curl = curl(registry, o, route.Keyed)
	return route
}

// guideDepth bounds how far fields within fields are written out.
const guideDepth = 3

// guideFields lists the fields of a schema, those within others after them.
func guideFields(registry huma.Registry, schema *huma.Schema, depth int) []guideField {
	schema = resolve(registry, schema)
	if schema == nil || depth >= guideDepth {
		return nil
	}
	if schema.Type == huma.TypeArray {
		return guideFields(registry, schema.Items, depth)
	}
	var fields []guideField
	for _, name := range fieldOrder(schema) {
		property := schema.Properties[name]
		inner := resolve(registry, property)
		fields = append(fields, guideField{
			Name: name, Type: typeName(registry, inner), About: purpose(property, inner), Depth: depth,
			Required: slices.Contains(schema.Required, name),
		})
		fields = append(fields, guideFields(registry, inner, depth+1)...)
	}
	return fields
}

// fieldOrder lists what must be given first, then the rest by name.
func fieldOrder(schema *huma.Schema) []string {
	names := slices.Sorted(keys(schema.Properties))
	slices.SortStableFunc(names, func(a, b string) int {
		return rank(schema.Required, a) - rank(schema.Required, b)
	})
	return names
}

func rank(required []string, name string) int {
	if i := slices.Index(required, name); i >= 0 {
		return i
	}
	return len(required)
}

func resolve(registry huma.Registry, schema *huma.Schema) *huma.Schema {
	if schema != nil && schema.Ref != "" {
		return registry.SchemaFromRef(schema.Ref)
	}
	return schema
}

func typeName(registry huma.Registry, schema *huma.Schema) string {
	switch {
	case schema == nil:
		return ""
	case schema.Type == huma.TypeArray:
		return "list of " + typeName(registry, resolve(registry, schema.Items)) + "s"
	case schema.Format == "date-time":
		return "time"
	}
	return schema.Type
}

// purpose says what a field is for, and what it may be.
func purpose(property, inner *huma.Schema) string {
	text := property.Description
	if text == "" && inner != nil {
		text = inner.Description
	}
	if inner == nil || len(inner.Enum) == 0 {
		return text
	}
	var values []string
	for _, value := range inner.Enum {
		if name, ok := value.(string); ok {
			values = append(values, name)
		}
	}
	one := strings.Join(values, ", ")
	if text == "" {
		return one
	}
	return text + " (" + one + ")"
}

// curl writes the operation as a command to try.
func curl(registry huma.Registry, o *huma.Operation, isKeyed bool) string {
	lines := []string{`curl "$PROVIDER` + strings.NewReplacer("{id}", "$ID", "{reader}", "$READER").Replace(o.Path) + `"`, `  -H "Authorization: Bearer $KEY"`}
	if o.Method == http.MethodPost {
		lines = append(lines, `  -H "Content-Type: application/json"`)
		if isKeyed {
			lines = append(lines, `  -H "Idempotency-Key: $(uuidgen)"`)
		}
		lines = append(lines, `  -d '`+sample(registry, o.RequestBody.Content["application/json"].Schema, 0)+`'`)
	}
	return strings.Join(lines, " \\\n")
}

// sample writes an example of a schema: what must be given, and what has an example.
func sample(registry huma.Registry, schema *huma.Schema, depth int) string {
	inner := resolve(registry, schema)
	switch {
	case inner == nil || depth > guideDepth:
		return "{}"
	case len(schema.Examples) > 0:
		return quote(schema.Examples[0])
	case inner.Type == huma.TypeArray:
		return "[" + sample(registry, inner.Items, depth+1) + "]"
	case inner.Type == huma.TypeObject:
		var parts []string
		for _, name := range fieldOrder(inner) {
			property := inner.Properties[name]
			if slices.Contains(inner.Required, name) || len(property.Examples) > 0 || (name == "item" && depth == 0) {
				parts = append(parts, strconv.Quote(name)+":"+sample(registry, property, depth+1))
			}
		}
		return "{" + strings.Join(parts, ",") + "}"
	case inner.Type == huma.TypeString:
		return `"…"`
	case inner.Type == huma.TypeBoolean:
		return "true"
	}
	return "1"
}

func quote(value any) string {
	if text, ok := value.(string); ok {
		return strconv.Quote(text)
	}
	return "1"
}
