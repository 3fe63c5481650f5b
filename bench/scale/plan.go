package main

// plan is the table of docs/scale.md, from the figures there.
func plan() []size {
	sqlite := figures{Page: pageTime, Claim: 0.0007, Finish: 0.0005, Put: 0.003}
	postgres := figures{Page: pageTime, Claim: 0.0009, Finish: 0.00055, Row: 0.0007, Put: 0.03}
	return []size{
		{Workers: 1, Millions: 0.25, Connections: 1, Rows: 1, Puts: 8, figures: sqlite},
		{Workers: 10, Millions: 1, Connections: 2, Rows: 1, Puts: 64, figures: postgres},
		{Workers: 10, Millions: 2.5, Connections: 2, Rows: 1, Puts: 64, figures: postgres},
		{Workers: 100, Millions: 10, Connections: 8, Rows: 1, Puts: 256, figures: postgres},
		{Workers: 100, Millions: 25, Connections: 8, Rows: 4, Puts: 256, figures: postgres},
		{Workers: 1000, Millions: 100, Connections: 32, Rows: 16, Puts: 2048, figures: postgres},
	}
}

// pageTime is a slot's time for one capture: four slots take 5.94 a second.
const pageTime = 4 / 5.94
