package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
)

// appScript is about 480 KB of code that is parsed whole and used in part, as
// bundles are: it renders a table of 400 rows and a chart before the page's
// load event.
func appScript() []byte {
	var script bytes.Buffer
	for i := 0; script.Len() < 478_000; i++ {
		fmt.Fprintf(&script, "function f%d(a,b){const t={k%d:a*%d,list:[a,b,%d].map(x=>x*%d),name:'module %d'};if(a>%d){return t.list.reduce((p,c)=>p+c,0)%%1000}return f%d(a+1,b)+t.k%d}\n", i, i, i%97, i, i%13, i, i%7, max(i-1, 0), i)
	}
	script.WriteString(appStart)
	return script.Bytes()
}

// appStart is the part that draws. The legend of the chart and the first cell
// of each row have colours by which the picture is checked.
const appStart = `
function start(n, palette) {
	const table = document.createElement('table');
	for (let i = 0; i < 400; i++) {
		const row = table.insertRow();
		for (let c = 0; c < 6; c++) {
			const cell = row.insertCell();
			cell.textContent = 'cell ' + i + ' ' + c + ' ' + (globalThis['f' + ((i * 7 + c) % 1500)] || f1)(9, n);
			if (c === 0) cell.style.background = palette[(n + i) % palette.length];
		}
	}
	let path = 'M0 100', legend = '';
	for (let i = 0; i < 600; i++) path += ' L' + i * 2 + ' ' + (100 + 80 * Math.sin(i / 20 + n));
	for (let i = 0; i < 3; i++) legend += '<rect x="' + (1100 + 30 * i) + '" y="4" width="20" height="20" fill="' + palette[(n + i) % palette.length] + '"/>';
	app.innerHTML = '<h1>Application ' + n + '</h1><svg width="1200" height="200"><path d="' + path + '" fill="none" stroke="#c36" stroke-width="3"/>' + legend + '</svg>';
	app.append(table);
}
`

// paintJPEG makes a picture of 50 to 100 KB: gradients with some grain, and in
// the middle a field of one colour by which it is known.
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
	middle := image.Rect(width/2-60, height/2-60, width/2+60, height/2+60)
	draw.Draw(picture, middle, image.NewUniform(paletteAt(seed)), image.Point{}, draw.Src)
	var out bytes.Buffer
	err := jpeg.Encode(&out, picture, &jpeg.Options{Quality: 80})
	return out.Bytes(), err
}
