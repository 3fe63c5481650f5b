package bucket_test

import (
	"slices"
	"testing"

	"darkroom/internal/bucket"
)

func TestServersOfAStore(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "")
	t.Setenv("AWS_ENDPOINT_URL_S3", "")
	for address, want := range map[string][]string{
		"":                           nil,
		"file:///mnt/pictures":       nil,
		"s3://pictures?region=eu-1":  nil,
		"s3://pictures?endpoint=%25": nil,
		"s3://pictures?endpoint=https://s3.internal&use_path_style=true": {"s3.internal:443"},
		"s3://pictures?endpoint=http://s3.internal&use_path_style=true":  {"s3.internal:80"},
		"s3://pictures?endpoint=http://s3.internal:9000":                 {"s3.internal:9000", "pictures.s3.internal:9000"},
		"s3://pictures?endpoint=http://[fd00::1]:9000":                   {"[fd00::1]:9000"},
	} {
		if got := bucket.Servers(address); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", address, got, want)
		}
	}
	t.Setenv("AWS_ENDPOINT_URL", "http://10.1.2.3:9000")
	if got := bucket.Servers("s3://pictures"); !slices.Equal(got, []string{"10.1.2.3:9000"}) {
		t.Errorf("an endpoint of the environment: %v", got)
	}
}
