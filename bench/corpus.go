package main

import (
	"bytes"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// pageKind is one class of page in the corpus; weight is how many of forty
// pages are of it.
type pageKind struct {
	name   string
	weight int
}

// kinds mixes pages as a batch of real sites would: mostly articles.
var kinds = []pageKind{{"trivial", 8}, {"article", 12}, {"app", 8}, {"long", 6}, {"slow", 6}}

// corpus is the local web that is photographed: heavy enough to be honest, the
// same at every run, and made here.
type corpus struct {
	images [][]byte
	font   []byte
	script []byte
}

func newCorpus() (*corpus, error) {
	c := &corpus{script: appScript()}
	for i := range 20 {
		picture, err := paintJPEG(i)
		if err != nil {
			return nil, err
		}
		c.images = append(c.images, picture)
	}
	fonts, err := filepath.Glob("/usr/share/fonts/truetype/liberation*/LiberationSerif-Regular.ttf")
	if err != nil || len(fonts) == 0 {
		return nil, fmt.Errorf("no Liberation fonts: run scripts/setup test")
	}
	c.font, err = os.ReadFile(fonts[0])
	return c, err
}

// paths gives n pages, shuffled by a fixed seed.
func (c *corpus) paths(n int) []string {
	var all []string
	for i := 0; len(all) < n; i++ {
		for _, kind := range kinds {
			for j := range kind.weight {
				all = append(all, fmt.Sprintf("/%s/%d", kind.name, i*kind.weight+j))
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:n]
}

func (c *corpus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	n, _ := strconv.Atoi(id)
	w.Header().Set("Cache-Control", "public, max-age=3600")
	switch kind {
	case "image":
		if r.URL.Query().Has("slow") {
			pause(r, 200*time.Millisecond)
		}
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(c.images[n%len(c.images)])
	case "font":
		w.Header().Set("Content-Type", "font/ttf")
		_, _ = w.Write(c.font)
	case "script":
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write(c.script)
	default:
		if kind == "slow" {
			pause(r, 300*time.Millisecond)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		if err := pageTemplate.ExecuteTemplate(w, kind, pageData(n, kind)); err != nil {
			http.NotFound(w, r)
		}
	}
}

func pause(r *http.Request, d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}

type pageFacts struct {
	N          int
	Images     []string
	Paragraphs []string
}

func pageData(n int, kind string) pageFacts {
	facts := pageFacts{N: n}
	count, suffix := map[string]int{"article": 10, "long": 20, "slow": 6}[kind], ""
	if kind == "slow" {
		suffix = "?slow"
	}
	for i := range count {
		facts.Images = append(facts.Images, fmt.Sprintf("/image/%d%s", n*3+i, suffix))
	}
	random := rand.New(rand.NewPCG(uint64(n), 3))
	for range map[string]int{"article": 60, "long": 80, "slow": 10}[kind] {
		var text strings.Builder
		for range 90 {
			text.WriteString(words[random.IntN(len(words))])
			text.WriteByte(' ')
		}
		facts.Paragraphs = append(facts.Paragraphs, text.String())
	}
	return facts
}

var words = strings.Fields(`light silver print paper lens grain shutter frame darkroom develop fix wash
	contrast tone shadow highlight negative positive contact sheet enlarger safelight tray tongs emulsion`)

var pageTemplate = template.Must(template.New("").Parse(`
{{define "head"}}<!doctype html><html lang="en"><meta charset="utf-8"><title>Page {{.N}}</title>{{end}}
{{define "trivial"}}{{template "head" .}}<body style="font:20px sans-serif"><h1>Page {{.N}}</h1><p>Nothing but text.</p>{{end}}
{{define "style"}}<style>@font-face{font-family:Web;src:url(/font/1)}body{font:17px/1.5 Web,serif;max-width:960px;margin:auto}
img{width:45%;margin:4px;border-radius:8px;box-shadow:0 2px 8px #0005}p{columns:2}h1{background:linear-gradient(90deg,#245,#936);color:#fff;padding:24px}</style>{{end}}
{{define "article"}}{{template "head" .}}{{template "style"}}<h1>Article {{.N}}</h1>{{range .Images}}<img src="{{.}}" alt="">{{end}}{{range .Paragraphs}}<p>{{.}}</p>{{end}}{{end}}
{{define "long"}}{{template "head" .}}{{template "style"}}<h1>Long page {{.N}}</h1>{{range .Images}}<img style="width:95%" src="{{.}}" alt="">{{end}}{{range .Paragraphs}}<p>{{.}}</p>{{end}}{{end}}
{{define "slow"}}{{template "head" .}}{{template "style"}}<h1>Slow page {{.N}}</h1>{{range .Images}}<img src="{{.}}" alt="">{{end}}{{range .Paragraphs}}<p>{{.}}</p>{{end}}{{end}}
{{define "app"}}{{template "head" .}}<body style="font:14px sans-serif"><div id="app"></div><script src="/script/app.js"></script><script>start({{.N}})</script>{{end}}
`))

// appScript is about 480 KB of code that is parsed whole and used in part, as
// bundles are: it renders a table of 400 rows and a chart.
func appScript() []byte {
	var script bytes.Buffer
	for i := 0; script.Len() < 470_000; i++ {
		fmt.Fprintf(&script, "function f%d(a,b){const t={k%d:a*%d,list:[a,b,%d].map(x=>x*%d),name:'module %d'};if(a>%d){return t.list.reduce((p,c)=>p+c,0)%%1000}return f%d(a+1,b)+t.k%d}\n", i, i, i%97, i, i%13, i, i%7, max(i-1, 0), i)
	}
	script.WriteString(`function start(n){const rows=[];for(let i=0;i<400;i++){const el=document.createElement('tr');
for(let c=0;c<6;c++){const td=document.createElement('td');td.textContent='cell '+i+' '+c+' '+(globalThis['f'+((i*7+c)%1500)]||f1)(9,n);el.append(td)}rows.push(el)}
const table=document.createElement('table');table.append(...rows);let path='M0 100';for(let i=0;i<600;i++)path+=' L'+i*2+' '+(100+80*Math.sin(i/20+n));
app.innerHTML='<h1>Application '+n+'</h1><svg width="1200" height="200"><path d="'+path+'" fill="none" stroke="#c36" stroke-width="3"/></svg>';app.append(table)}`)
	return script.Bytes()
}

// paintJPEG makes a picture of 50 to 100 KB: gradients with some grain.
func paintJPEG(seed int) ([]byte, error) {
	const width, height = 640, 426
	random := rand.New(rand.NewPCG(uint64(seed), 7))
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			grain := random.IntN(40)
			picture.SetRGBA(x, y, color.RGBA{uint8((x*seed/3 + grain) % 256), uint8((y + seed*20 + grain) % 256), uint8((x + y + grain) / 5), 255})
		}
	}
	var out bytes.Buffer
	err := jpeg.Encode(&out, picture, &jpeg.Options{Quality: 80})
	return out.Bytes(), err
}
