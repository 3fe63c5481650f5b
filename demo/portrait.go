package demo

import (
	"html/template"
	"math/rand/v2"
)

// portrait draws a person who does not exist. Each seed is another one.
func portrait(seed int) template.HTML {
	r := chance(seed)
	d := draw(300, 340)
	d.background(pick(r, []string{"#f3c98b", "#9fd1c7", "#e8a598", "#b9c6e8", "#d9d3a6", "#c7b3d9"}))
	d.add(`<circle cx="%.0f" cy="%.0f" r="96" fill="#fff" opacity=".28"/>`, between(r, 30, 270), between(r, 20, 150))
	skin := pick(r, []string{"#f2cba8", "#e0ac82", "#c68a5e", "#9c6540", "#6f4629"})
	hair := pick(r, []string{"#2a1d18", "#5b3a21", "#a3622e", "#c9c4bd", "#1b1b22", "#d9a94e"})
	cloth := pick(r, []string{"#1f4e5f", "#b5432e", "#3e5641", "#2f2f45", "#e0b04b", "#6d3b53"})
	long := r.IntN(2) == 0
	if long {
		d.add(`<path d="M78 150 Q74 52 150 50 Q226 52 222 150 L232 262 H68z" fill="%s"/>`, hair)
	}
	d.add(`<path d="M126 214 H174 V262 H126z" fill="%s"/><path d="M126 232 Q150 252 174 232 V240 Q150 262 126 240z" fill="#000" opacity=".13"/>`, skin)
	d.add(`<path d="M34 346 Q36 262 124 250 Q150 274 176 250 Q264 262 266 346z" fill="%s"/>`, cloth)
	drawCollar(d, r)
	d.add(`<circle cx="88" cy="160" r="13" fill="%s"/><circle cx="212" cy="160" r="13" fill="%s"/>`, skin, skin)
	d.add(`<path d="M90 136 Q90 72 150 72 Q210 72 210 136 V164 Q206 232 150 236 Q94 232 90 164z" fill="%s"/>`, skin)
	drawFace(d, r, hair)
	drawHair(d, r, hair, long)
	return d.done()
}

func drawCollar(d *drawing, r *rand.Rand) {
	switch r.IntN(3) {
	case 0:
		d.add(`<path d="M122 252 L150 288 L112 300z M178 252 L150 288 L188 300z" fill="#fff" opacity=".9"/>`)
	case 1:
		for y := range 4 {
			d.add(`<path d="M52 %d Q150 %d 248 %d" fill="none" stroke="#fff" stroke-width="6" opacity=".5"/>`, 290+y*18, 306+y*18, 290+y*18)
		}
	default:
		d.add(`<path d="M116 254 Q150 300 184 254" fill="none" stroke="#000" stroke-width="10" opacity=".22"/>`)
	}
}

func drawFace(d *drawing, r *rand.Rand, hair string) {
	d.add(`<g fill="#2a211c"><ellipse cx="126" cy="156" rx="5.500" ry="7"/><ellipse cx="174" cy="156" rx="5.500" ry="7"/></g>`)
	d.add(`<g fill="none" stroke="%s" stroke-width="5" stroke-linecap="round"><path d="M114 136 q12 -8 24 -1"/><path d="M162 135 q12 -7 24 1"/></g>`, hair)
	d.add(`<path d="M150 158 q-9 22 -2 26 q6 2 10 -2" fill="none" stroke="#000" stroke-opacity=".28" stroke-width="4" stroke-linecap="round"/>`)
	d.add(`<path d="M130 204 q20 %.0f 40 0" fill="none" stroke="#7a2f2a" stroke-width="5" stroke-linecap="round"/>`, between(r, 8, 20))
	d.add(`<circle cx="112" cy="186" r="12" fill="#d9483b" opacity=".16"/><circle cx="188" cy="186" r="12" fill="#d9483b" opacity=".16"/>`)
	if r.IntN(3) == 0 {
		d.add(`<g fill="none" stroke="#22262e" stroke-width="4"><circle cx="126" cy="156" r="20"/><circle cx="174" cy="156" r="20"/><path d="M146 154 q4 -4 8 0"/></g>`)
	}
}

func drawHair(d *drawing, r *rand.Rand, hair string, long bool) {
	d.add(`<path d="M84 150 Q80 56 152 54 Q222 56 216 150 Q208 112 %.0f 104 Q120 116 96 118 Q88 130 84 150z" fill="%s"/>`, between(r, 150, 190), hair)
	if !long && r.IntN(3) == 0 {
		d.add(`<path d="M90 166 Q96 240 150 242 Q204 240 210 166 Q204 196 176 196 Q150 190 124 196 Q96 196 90 166z" fill="%s"/>`, hair)
		d.add(`<path d="M136 212 q14 9 28 0" fill="none" stroke="#7a2f2a" stroke-width="5" stroke-linecap="round"/>`)
	}
	if r.IntN(4) == 0 {
		d.add(`<path d="M78 112 Q84 40 150 38 Q216 40 222 112 Q150 88 78 112z" fill="#22384a"/><path d="M76 118 Q150 88 224 118 L222 100 Q150 74 78 100z" fill="#17293a"/>`)
	}
}
