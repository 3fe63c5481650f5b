package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// block is one example of a page.
type block struct {
	page     string
	line     int
	language string
	code     string
}

var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```")

// blocksOf gives the blocks of a page that are in a language that is run. What
// shows a session has its commands only.
func blocksOf(page, text string) []block {
	var all []block
	for _, at := range fence.FindAllStringSubmatchIndex(text, -1) {
		one := block{page, strings.Count(text[:at[0]], "\n") + 1, text[at[2]:at[3]], text[at[4]:at[5]]}
		switch one.language {
		case "console":
			all = append(all, one.commands()...)
		case "sh", "js", "go", "python":
			all = append(all, one)
		}
	}
	return all
}

var prompt = regexp.MustCompile(`(?m)^[$#] `)

// commands splits a session into its commands: each begins with a prompt and
// goes on over lines that end with a backslash.
func (b block) commands() []block {
	var all []block
	lines := strings.Split(b.code, "\n")
	for i := 0; i < len(lines); i++ {
		if !prompt.MatchString(lines[i]) {
			continue
		}
		one := block{b.page, b.line + 1 + i, "sh", lines[i][2:]}
		for strings.HasSuffix(lines[i], `\`) && i+1 < len(lines) {
			i++
			one.code += "\n" + lines[i]
		}
		all = append(all, one)
	}
	return all
}

// mark is the place of the block in the list of those that are not run, -1 if
// it is run.
func (b block) mark() int {
	return slices.IndexFunc(notRun, func(mark struct{ page, has, reason string }) bool {
		return mark.page == b.page && (strings.Contains(b.code, mark.has) || b.besides(mark.has))
	})
}

// besides is for commands of a session in which others stand that are not run.
func (b block) besides(has string) bool {
	groups := map[string][]string{
		"make test":       {"make lint", "make test-slow"},
		"make demo":       {"make test"},
		"apt-get install": {"install -m", "systemctl", "cat /var/lib/private"},
		"pg_dump":         {"pg_restore"},
		"docker run":      {"jq -s"},
	}
	return slices.ContainsFunc(groups[has], func(begins string) bool { return strings.HasPrefix(b.code, begins) })
}

// repeats reports whether the reference has the same in another language, which
// is the one that is run when time is short.
func (b block) repeats(index int) bool {
	const languages = 3
	odd := index/languages%2 == 1
	return b.page == "reference" && (b.language == "js" || b.language == "sh" && odd || b.language == "go" && !odd)
}

func (b block) cancels() bool {
	return regexp.MustCompile(`/cancel|[cC]ancelJob|\.Cancel\(`).MatchString(b.code)
}

func (b block) deletes() bool {
	return regexp.MustCompile(`DELETE \S*/v1/jobs|deleteJob|c\.Delete\(`).MatchString(b.code)
}

// elsewhere finds addresses that are not of this machine, in code that is about
// to be run.
var elsewhere = regexp.MustCompile(`https?://([^\s'"/` + "`" + `)<>]+)`)

func (d *documented) run(index int, one block) {
	d.t.Helper()
	code := d.places.Replace(one.code)
	for _, found := range elsewhere.FindAllStringSubmatch(code, -1) {
		if !strings.HasPrefix(found[1], "127.0.0.1") && !strings.HasPrefix(found[1], "localhost") && !strings.HasPrefix(found[1], "$") {
			d.t.Fatalf("%s:%d would reach %s", one.page, one.line, found[0])
		}
	}
	var command *exec.Cmd
	switch one.language {
	case "sh":
		command = exec.CommandContext(d.t.Context(), "bash", "-c", d.script(one, code))
	case "js":
		name := filepath.Join(d.folder, fmt.Sprintf("example%d.mjs", index))
		must(d.t, os.WriteFile(name, []byte("import './strict.mjs';\n"+code), 0o644))
		command = exec.CommandContext(d.t.Context(), "node", name)
	case "go":
		command = exec.CommandContext(d.t.Context(), d.program, fmt.Sprint(index))
	default:
		d.t.Errorf("%s:%d: no test runs %s", one.page, one.line, one.language)
		return
	}
	d.shop(one)
	d.tidy()
	command.Dir, command.Env = d.folder, d.environment(one)
	begin := time.Now()
	defer func() {
		if took := time.Since(begin); took > time.Second {
			d.t.Logf("%s:%d took %s", one.page, one.line, took.Round(time.Millisecond))
		}
	}()
	if output, err := command.CombinedOutput(); err != nil {
		d.t.Errorf("%s:%d: %v\n%s\n%s", one.page, one.line, err, one.code, output)
	}
}

// script is a command with what was exported by those before it on the page.
func (d *documented) script(one block, code string) string {
	state := filepath.Join(d.folder, strings.NewReplacer("/", "-", ".", "-").Replace(one.page)+".env")
	if _, err := os.Stat(state); err != nil {
		must(d.t, os.WriteFile(state, nil, 0o644))
	}
	for _, known := range endless {
		if strings.HasPrefix(one.code, known.begins) {
			code = "until_said '" + known.says + "' " + code
		}
	}
	return `set -aeo pipefail
until_said() {
	local what=$1 said=$HOME/said.$$; shift
	if [[ $2 == serve ]]; then set -- "$@" --listen 127.0.0.1:0 --data "$HOME/data.$$"; fi
	"$@" >"$said" 2>&1 & local child=$!
	for ((i = 0; i < 600; i++)); do
		if grep -q "$what" "$said"; then kill $child; wait $child || true; return 0; fi
		sleep 0.05
	done
	cat "$said"; kill $child; return 1
}
before=$(compgen -v | sort)
. ` + state + `
` + code + `
for name in $(comm -13 <(echo "$before") <(compgen -v | sort)); do [[ $name == [A-Z]* ]] && declare -p "$name"; done >` + state + ` || true
`
}

// build makes one program of all examples in Go, each a function of its own.
func (d *documented) build(all []block) {
	t := d.t
	var functions, table strings.Builder
	imports := map[string]bool{"context": true, "fmt": true, "os": true, "net/http": true, "darkroom/client": true, "strings": true, "encoding/json": true, "errors": true}
	for i, one := range all {
		if one.language != "go" || one.mark() >= 0 {
			continue
		}
		code := d.places.Replace(one.code)
		for _, name := range []string{"bufio", "io", "time", "darkroom"} {
			if strings.Contains(code, name+".") {
				imports[name] = true
			}
		}
		end := "return nil"
		if regexp.MustCompile(`(?m)^\w+, err :?= `).MatchString(code) {
			end = "return err"
		}
		fmt.Fprintf(&functions, "\n// %s:%d\nfunc example%d(ctx context.Context, c *client.Client, server, key, id, delivery, keyID string, w http.ResponseWriter, r *http.Request) error {\n{\n%s\n%s\n}\n}\n",
			one.page, one.line, i, code, end)
		fmt.Fprintf(&table, "\t%q: example%d,\n", fmt.Sprint(i), i)
	}
	var head strings.Builder
	for name := range imports {
		fmt.Fprintf(&head, "\t%q\n", name)
	}
	folder, err := os.MkdirTemp(".", "examples-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	source := "package main\n\nimport (\n" + head.String() + ")\n" + functions.String() +
		"\nvar examples = map[string]func(context.Context, *client.Client, string, string, string, string, string, http.ResponseWriter, *http.Request) error{\n" + table.String() + "}\n" + examplesMain
	must(t, os.WriteFile(filepath.Join(folder, "main.go"), []byte(source), 0o644))
	d.program = filepath.Join(d.folder, "examples")
	if output, err := exec.CommandContext(t.Context(), "go", "build", "-o", d.program, "./"+folder).CombinedOutput(); err != nil {
		t.Fatalf("build the examples: %v\n%s", err, output)
	}
	must(t, os.WriteFile(filepath.Join(d.folder, "strict.mjs"), []byte(strictNode), 0o644))
}

// examplesMain runs one example. An answer that is an error fails it.
const examplesMain = `
type strict struct{}

func (strict) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && answer.StatusCode >= 400 {
		return nil, errors.New(answer.Status)
	}
	return answer, err
}

func main() {
	http.DefaultClient.Transport = strict{}
	var hook struct {
		Body    string
		Headers map[string]string
	}
	err := json.Unmarshal([]byte(os.Getenv("HOOK")), &hook)
	if err == nil {
		r, _ := http.NewRequest("POST", "/hook", strings.NewReader(hook.Body))
		for name, value := range hook.Headers {
			r.Header.Set(name, value)
		}
		server, key := os.Getenv("DR"), os.Getenv("KEY")
		err = examples[os.Args[1]](context.Background(), client.New(server, key), server, key, os.Getenv("ID"), os.Getenv("DELIVERY"), os.Getenv("KEY_ID"), nil, r)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
`

// strictNode is what the examples in Node find: the names that the pages use, a
// fetch to which an error is a failure, and a web server of theirs.
const strictNode = `
import assert from 'node:assert/strict';
import { Darkroom } from 'darkroom-client';

const { DR, KEY, ID, DELIVERY, KEY_ID, HOOK } = process.env;
const { body, headers } = JSON.parse(HOOK);
const plain = globalThis.fetch;
Object.assign(globalThis, {
  server: DR, key: KEY, id: ID, delivery: DELIVERY, keyId: KEY_ID, client: new Darkroom(KEY, { baseUrl: DR }), rawBody: Buffer.from(body), request: { headers },
  express: { raw: () => null },
  app: {
    post(path, parser, handle) {
      const status = [];
      handle({ body: Buffer.from(body), headers }, { sendStatus: (code) => status.push(code) });
      assert.deepEqual(status, [204]);
    },
  },
  fetch: async (...args) => {
    const answer = await plain(...args);
    assert.ok(answer.ok, args[0] + ' answers ' + answer.status);
    return answer;
  },
});
`

// What splits the pages into blocks must not overlook any.
func TestBlocksAreFound(t *testing.T) {
	got := blocksOf("page", "```console\n$ one \\\n  more\nanswer\n# two\n```\ntext\n```sh\nthree\n```\n```json\n{}\n```\n```go\nfour\n```\n")
	var words []string
	for _, one := range got {
		words = append(words, fmt.Sprintf("%d %s %q", one.line, one.language, one.code))
	}
	want := []string{`2 sh "one \\\n  more"`, `5 sh "two"`, "8 sh \"three\\n\"", "14 go \"four\\n\""}
	if !slices.Equal(words, want) {
		t.Errorf("found %s", words)
	}
}
