package demo

import (
	"fmt"
	"time"
)

// day is one field of the calendar.
type day struct {
	Number int
	Other  bool // belongs to the month before or after
	Events []event
}

type event struct{ Time, Title, Kind string }

// month gives the fields of May 2026, from Monday to Sunday in whole weeks.
func month() []day {
	events := map[int][]event{
		1: {{"10:00", "May fair", "fair"}}, 3: {{"06:40", "Low-tide walk", "walk"}}, 6: {{"19:30", "Choir on the pier", "music"}},
		8: {{"09:00", "Fish market", "fair"}, {"20:00", "Brass band", "music"}}, 12: {{"18:00", "Knot evening", "class"}},
		15: {{"09:00", "Fish market", "fair"}}, 16: {{"", "Regatta", "sea"}, {"21:00", "Lanterns", "music"}}, 17: {{"", "Regatta", "sea"}},
		20: {{"22:15", "Stars with Ines", "walk"}}, 22: {{"09:00", "Fish market", "fair"}}, 23: {{"14:00", "Boat builders", "class"}},
		26: {{"18:00", "Bread by hand", "class"}}, 29: {{"09:00", "Fish market", "fair"}}, 30: {{"19:00", "Film at the quay", "music"}}, 31: {{"07:10", "Blessing of boats", "sea"}},
	}
	first := time.Date(2026, time.April, 27, 0, 0, 0, 0, time.UTC)
	var days []day
	for i := range 35 {
		date := first.AddDate(0, 0, i)
		next := day{Number: date.Day(), Other: date.Month() != time.May}
		if !next.Other {
			next.Events = events[date.Day()]
		}
		days = append(days, next)
	}
	return days
}

// sailing is one row of the ferry timetable.
type sailing struct {
	Time, Line, To, Ship, Berth, Tide, State, Class string
}

// sailings gives the ferries of one day.
func sailings() []sailing {
	places := []string{"Gannet Island", "Holm & Little Holm", "St Brannoc", "Outer Lights", "Marrow Sound"}
	ships := []string{"Petrel", "Lady Ambrose", "Kittiwake", "Northern Belle"}
	states := map[int][2]string{3: {"Cancelled", "off"}, 7: {"12 min late", "late"}, 10: {"Boarding", "now"}, 12: {"5 min late", "late"}, 19: {"Cancelled", "off"}, 27: {"20 min late", "late"}}
	var rows []sailing
	for i := range 34 {
		minutes := 5*60 + 30 + i*31
		state, special := states[i]
		if !special {
			state = [2]string{"On time", "ok"}
		}
		rows = append(rows, sailing{
			Time: fmt.Sprintf("%02d:%02d", minutes/60, minutes%60), Line: fmt.Sprintf("F%d", 1+i%5), To: places[i%5],
			Ship: ships[(i*3)%4], Berth: string(rune('A' + i%3)), Tide: fmt.Sprintf("%.1f m", 2.6+1.7*float64((i*5)%11)/11),
			State: state[0], Class: state[1],
		})
	}
	return rows
}

// zone is one stretch of the way down to the sea floor.
type zone struct {
	Metres        int
	Name, Note    string
	Colour, Light string // CSS colours at its top and bottom
}

// depths gives the zones of the long page, from the surface down.
func depths() []zone {
	return []zone{
		{0, "The surface", "Half of the sunlight has gone by the time it has crossed the first metre.", "#8fd3e0", "#55b6cc"},
		{12, "Kelp garden", "The pier's own forest. It grows half a metre a day in May.", "#55b6cc", "#2f97b4"},
		{40, "The end of red", "Blood looks green down here; divers carry lamps to see their own hands.", "#2f97b4", "#1d7796"},
		{90, "The old wreck", "The collier Prudence, lost in the fog of 1871 with all her coal and none of her crew.", "#1d7796", "#135a78"},
		{200, "Twilight", "One part in a hundred of the light is left. Everything has large eyes.", "#135a78", "#0d425c"},
		{420, "Lantern fish", "They come up at dusk and go down at dawn: the largest journey on earth, every day.", "#0d425c", "#093046"},
		{700, "The quiet", "No current, no season. Four degrees, always.", "#093046", "#062334"},
		{1000, "Midnight", "From here on the only light is what lives here.", "#062334", "#041824"},
		{1650, "The sill", "A wall of rock as high as the town's hills keeps the bay's cold water in.", "#041824", "#031019"},
		{2140, "The floor", "Soft mud, brittle stars, and a boot.", "#031019", "#1a1712"},
	}
}

// card is one postcard of the series.
type card struct {
	Number      int
	Name, Title string
}

// postcardList names the postcards; each is a PNG that the site draws itself.
func postcardList() []card {
	titles := []string{
		"The bay at five", "Rope Works, flood tide", "Regatta Sunday", "Fog, then none", "Gannet Island", "The long pier",
		"Snow on the quay", "Harvest moon", "From the observatory", "Last ferry", "Herring weather", "The Outer Lights",
	}
	cards := make([]card, len(titles))
	for i, title := range titles {
		cards[i] = card{i + 1, fmt.Sprintf("postcard-%02d.png", i+1), title}
	}
	return cards
}
