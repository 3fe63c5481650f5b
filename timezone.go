package darkroom

import "strings"

// Timezones lists the names that the timezone option takes: those of the IANA
// database, former names included.
func Timezones() []string { return strings.Fields(timezones) }

func knownTimezone(name string) bool {
	return name != "" && !strings.Contains(name, " ") && strings.Contains(timezones, " "+name+" ")
}
