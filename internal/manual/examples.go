package manual

import (
	"fmt"
	"strings"
)

// sample is what an example of a route needs besides the document: what to
// send, and how the clients say it. Where a client has no call for it, Node and
// Go speak HTTP.
type sample struct {
	query string // with the question mark
	body  string
	flags string // more flags for curl
	node  string
	goish string // code of Go
}

// placeholders of the examples, as the shell, Node and Go write them.
var (
	inShell = strings.NewReplacer("/v1/jobs/{id}", "/v1/jobs/$ID", "/v1/keys/{id}", "/v1/keys/$KEY_ID", "deliveries/{id}", "deliveries/$DELIVERY", "{index}/last-frame", "2/last-frame", "{index}", "1")
	inNode  = strings.NewReplacer("/v1/jobs/{id}", "/v1/jobs/${id}", "/v1/keys/{id}", "/v1/keys/${keyId}", "deliveries/{id}", "deliveries/${delivery}", "{index}/last-frame", "2/last-frame", "{index}", "1")
	inGo    = strings.NewReplacer("/v1/jobs/{id}", `/v1/jobs/"+id+"`, "/v1/keys/{id}", `/v1/keys/"+keyID+"`, "deliveries/{id}", `deliveries/"+delivery+"`, "{index}/last-frame", "2/last-frame", "{index}", "1")
)

func (w *writer) examples(one operation) error {
	s, known := samples()[one.ID]
	if !known && one.RequestBody != nil {
		return fmt.Errorf("the route %s takes a body and has no example", one.ID)
	}
	w.block("sh", curl(one, s))
	if s.node == "" {
		s.node = fetch(one, s)
	}
	w.block("js", s.node)
	if s.goish == "" {
		s.goish = request(one, s)
	}
	w.block("go", s.goish)
	return nil
}

func curl(one operation, s sample) string {
	var line strings.Builder
	line.WriteString("curl -s ")
	if one.Method != "GET" && s.body == "" || one.Method == "DELETE" {
		line.WriteString("-X " + one.Method + " ")
	}
	if s.flags != "" {
		line.WriteString(s.flags + " ")
	}
	address := "$DR" + inShell.Replace(one.Path) + s.query
	if s.query != "" {
		address = `"` + address + `"`
	}
	line.WriteString(address)
	if len(one.Security) > 0 {
		line.WriteString(` -H "Authorization: Bearer $KEY"`)
	}
	if s.body != "" {
		line.WriteString(" -H 'Content-Type: application/json' \\\n  -d '" + s.body + "'")
	}
	return line.String()
}

func fetch(one operation, s sample) string {
	var options []string
	if one.Method != "GET" {
		options = append(options, "method: '"+one.Method+"'")
	}
	headers := ""
	if len(one.Security) > 0 {
		headers = "authorization: `Bearer ${key}`"
	}
	if s.body != "" {
		headers += ", 'content-type': 'application/json'"
	}
	if headers != "" {
		options = append(options, "headers: { "+strings.TrimPrefix(headers, ", ")+" }")
	}
	if s.body != "" {
		options = append(options, "body: JSON.stringify("+s.body+")")
	}
	call := "fetch(`${server}" + inNode.Replace(one.Path) + s.query + "`"
	if len(options) > 0 {
		call += ", { " + strings.Join(options, ", ") + " }"
	}
	code := "const answer = await " + call + ");\nconsole.log(answer.status"
	if one.tells() {
		code += ", await answer.json()"
	}
	return code + ");"
}

func request(one operation, s sample) string {
	body := "nil"
	if s.body != "" {
		body = "strings.NewReader(`" + s.body + "`)"
	}
	address := strings.TrimSuffix(`server+"`+inGo.Replace(one.Path)+s.query+`"`, `+""`)
	var code strings.Builder
	fmt.Fprintf(&code, "request, err := http.NewRequestWithContext(ctx, %q, %s, %s)\nif err != nil {\n\treturn err\n}\n", one.Method, address, body)
	if len(one.Security) > 0 {
		code.WriteString("request.Header.Set(\"Authorization\", \"Bearer \"+key)\n")
	}
	if s.body != "" {
		code.WriteString("request.Header.Set(\"Content-Type\", \"application/json\")\n")
	}
	code.WriteString("answer, err := http.DefaultClient.Do(request)\nif err != nil {\n\treturn err\n}\ndefer answer.Body.Close()\nfmt.Println(answer.Status)")
	return code.String()
}

// tells reports whether every good answer of the operation is JSON.
func (o operation) tells() bool {
	found := false
	for _, status := range []string{"200", "201", "202", "204"} {
		if answer, known := o.Responses[status]; known {
			if _, isJSON := answer.Content["application/json"]; !isJSON {
				return false
			}
			found = true
		}
	}
	return found
}
