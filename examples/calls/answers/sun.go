package answers

import (
	"fmt"
	"math"
	"time"
)

// Sun is one day's sunlight at one place. Times are UTC.
type Sun struct {
	Date    string  `json:"date"`
	Lat     float64 `json:"lat"`
	Lon     float64 `json:"lon"`
	Sunrise string  `json:"sunrise,omitempty"`
	Noon    string  `json:"solar_noon"`
	Sunset  string  `json:"sunset,omitempty"`
	Minutes int     `json:"daylight_minutes"`
	Polar   string  `json:"polar,omitempty"` // "day" or "night" where the sun neither rises nor sets
}

// horizon is how far below the horizon the middle of the sun stands when its upper
// edge is seen to touch it: half its disc and the air's refraction, in degrees.
const horizon = -0.833

// SunAt computes sunrise and sunset by the equations of Jean Meeus's Astronomical
// Algorithms in NOAA's form: right to about a minute up to 72 degrees of latitude.
func SunAt(lat, lon float64, date time.Time) (Sun, error) {
	if math.IsNaN(lat) || math.IsNaN(lon) || math.Abs(lat) > 90 || math.Abs(lon) > 180 {
		return Sun{}, fmt.Errorf("%w: lat lies between -90 and 90, lon between -180 and 180", ErrQuestion)
	}
	if date.Year() < 1901 || date.Year() > 2099 {
		return Sun{}, fmt.Errorf("%w: the years run from 1901 to 2099", ErrQuestion)
	}
	midnight := time.Date(date.Year(), date.Month(), date.Day(), 0, 0, 0, 0, time.UTC)
	answer := Sun{Date: midnight.Format(time.DateOnly), Lat: lat, Lon: lon}
	noon := 720.0 - 4*lon
	_, equation := sunPosition(midnight, noon)
	noon -= equation
	answer.Noon = clockTime(midnight, noon)

	declination, _ := sunPosition(midnight, noon)
	half, polar := halfDay(lat, declination)
	if polar != "" {
		answer.Polar = polar
		if polar == "day" {
			answer.Minutes = 24 * 60
		}
		return answer, nil
	}
	rise, set := noon-half, noon+half
	for range 3 { // the sun moves on meanwhile: look again at where it is then
		declination, equation = sunPosition(midnight, rise)
		if h, p := halfDay(lat, declination); p == "" {
			rise = 720 - 4*lon - equation - h
		}
		declination, equation = sunPosition(midnight, set)
		if h, p := halfDay(lat, declination); p == "" {
			set = 720 - 4*lon - equation + h
		}
	}
	answer.Sunrise, answer.Sunset = clockTime(midnight, rise), clockTime(midnight, set)
	answer.Minutes = int(math.Round(set - rise))
	return answer, nil
}

// halfDay returns the minutes from sunrise to noon.
func halfDay(lat, declination float64) (minutes float64, polar string) {
	cos := (sin(horizon) - sin(lat)*sin(declination)) / (math.Cos(radians(lat)) * math.Cos(radians(declination)))
	switch {
	case cos < -1:
		return 0, "day"
	case cos > 1:
		return 0, "night"
	}
	return 4 * math.Acos(cos) * 180 / math.Pi, ""
}

// sunPosition returns the sun's declination in degrees and the equation of time in
// minutes, at some minutes after midnight UTC.
func sunPosition(midnight time.Time, minutes float64) (declination, equation float64) {
	julianDay := float64(midnight.Unix())/86400 + 2440587.5 + minutes/1440
	t := (julianDay - 2451545) / 36525
	length := math.Mod(280.46646+t*(36000.76983+t*0.0003032), 360)
	anomaly := 357.52911 + t*(35999.05029-0.0001537*t)
	eccentricity := 0.016708634 - t*(0.000042037+0.0000001267*t)
	centre := sin(anomaly)*(1.914602-t*(0.004817+0.000014*t)) + sin(2*anomaly)*(0.019993-0.000101*t) + sin(3*anomaly)*0.000289
	omega := 125.04 - 1934.136*t
	apparent := length + centre - 0.00569 - 0.00478*sin(omega)
	obliquity := 23 + (26+(21.448-t*(46.815+t*(0.00059-t*0.001813)))/60)/60 + 0.00256*math.Cos(radians(omega))
	declination = math.Asin(sin(obliquity)*sin(apparent)) * 180 / math.Pi

	y := math.Pow(math.Tan(radians(obliquity/2)), 2)
	equation = 4 * 180 / math.Pi * (y*sin(2*length) - 2*eccentricity*sin(anomaly) +
		4*eccentricity*y*sin(anomaly)*math.Cos(radians(2*length)) -
		0.5*y*y*sin(4*length) - 1.25*eccentricity*eccentricity*sin(2*anomaly))
	return declination, equation
}

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }

func sin(degrees float64) float64 { return math.Sin(radians(degrees)) }

// clockTime writes minutes after midnight, to the nearest minute.
func clockTime(midnight time.Time, minutes float64) string {
	return midnight.Add(time.Duration(math.Round(minutes)) * time.Minute).Format("2006-01-02T15:04Z")
}
