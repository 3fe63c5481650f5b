package main

import (
	"slices"

	"darkroom/internal/egress"
)

// settingTable lists every setting in the order of the documentation. Flags,
// names in the environment, keys of the config file, `darkroom serve --help`
// and docs/config.md are all made from it.
func settingTable() []setting {
	return slices.Concat(placeSettings(), workSettings(), targetSettings(), budgetSettings(), networkSettings())
}

// placeSettings say where the server listens and keeps what it has.
func placeSettings() []setting {
	return []setting{
		{
			Name: "listen", Kind: settingText, Default: "127.0.0.1:8484",
			Doc: "Address and port of the API. Port 0 takes a free one; DATA/listen-address says which.",
		},
		{
			Name: "data", Kind: settingText,
			Doc: "Folder of the database, the pictures and the keys. Empty: $XDG_DATA_HOME/darkroom, else ~/.local/share/darkroom.",
		},
		{
			Name: "database-url", Kind: settingText, Check: checkDatabaseURL, Show: withoutPassword,
			Doc: "PostgreSQL database shared by several instances: postgres://user@host/name. The password may come from PGPASSWORD or ~/.pgpass. Empty: SQLite in the data folder.",
		},
		{
			Name: "bucket-url", Kind: settingText, Check: checkBucketURL, Show: withoutPassword,
			Doc: "Where pictures are kept: file:///absolute/folder, or s3://bucket?region=…; other S3 services with &endpoint=https://…&use_path_style=true. Empty: in the data folder.",
		},
		{
			Name: "role", Kind: settingText, Default: "all", Enum: []string{"all", "api", "worker"},
			Doc: "What this process does: api answers requests and needs no browser, worker takes the pictures and answers /healthz and /readyz only. Both need a database-url.",
		},
		{
			Name: "log-format", Kind: settingText, Default: "auto", Enum: []string{"auto", "text", "json"},
			Doc: "Format of the log on stderr. auto: text on a terminal, else json.",
		},
	}
}

// workSettings say how much is done at once and how long it is kept.
func workSettings() []setting {
	return []setting{
		{
			Name: "concurrency", Kind: settingCount, Default: "auto", Enum: []string{"auto"}, Min: 1, Unit: "captures",
			Doc: "Captures at once. auto: two per processor, up to six while pages wait for the network.",
		},
		{
			Name: "retention", Kind: settingDuration, Default: "24h",
			Doc: "How long results live after the end of their job.",
		},
		{
			Name: "job-deadline", Kind: settingDuration, Default: "24h",
			Doc: "A job's time from acceptance to its end; what is left then fails with timeout.",
		},
		{
			Name: "history", Kind: settingDuration, Default: "30d",
			Doc: "How long a job stays listed after its results expired.",
		},
		{
			Name: "max-urls", Kind: settingCount, Default: "500", Min: 1, Unit: "URLs",
			Doc: "URLs in one batch at most.",
		},
		{
			Name: "max-pages", Kind: settingCount, Default: "5000", Min: 1, Unit: "pages",
			Doc: "Pages of one sitemap job at most.",
		},
		{
			Name: "host-concurrency", Kind: settingCount, Default: "16", Min: 1, Unit: "captures",
			Doc: "Captures of one host at once at most, over all jobs of all keys. A job's own limit is per key.",
		},
		{
			Name: "min-free-disk", Kind: settingSize, Default: "1GiB",
			Doc: "With less free space than this, new jobs are refused (507).",
		},
		{
			Name: "chromium", Kind: settingText,
			Doc: "Browser to use. Empty: the first of chromium-headless-shell, chromium, Chrome, Edge that is found.",
		},
		{
			Name: "site-isolation", Kind: settingText, Default: "shared", Enum: []string{"shared", "strict"},
			Doc: "shared keeps a renderer from page to page within a job; strict is Chromium's own default, at about three quarters of the speed.",
		},
		{
			Name: "block-lists", Kind: settingList,
			Doc: "Block lists besides the program's own, for block_ads, block_trackers and block_chats: ads=FILE, trackers=FILE or chats=FILE.",
		},
		{
			Name: "isolation", Kind: settingText, Default: "auto", Enum: []string{"auto", "required", "off"},
			Doc: "Kernel namespace around each browser, whose only exit is the browser's proxy. auto: where it works; required: or no start; see docs/security.md.",
		},
	}
}

// targetSettings say what may be reached.
func targetSettings() []setting {
	return []setting{
		{
			Name: "private-targets", Kind: settingText, Default: "auto", Enum: []string{"auto", "allow", "deny"},
			Doc: "Captures of, and webhooks to, private addresses (localhost, 10.0.0.0/8 …). auto: allowed only while the API listens on loopback.",
		},
		{
			Name: "egress-allow", Kind: settingList, Check: each(egress.CheckAllow),
			Doc: "Targets allowed although they are private: CIDR, address, host or *.suffix, each with an optional :port.",
		},
		{
			Name: "egress-deny", Kind: settingList, Check: each(egress.CheckDeny),
			Doc: "Targets never allowed, as in egress-allow, or a :port alone; wins over it.",
		},
		{
			Name: "egress-mode", Kind: settingText, Default: "public", Enum: []string{"public", "listed"},
			Doc: "public: what is public, and what egress-allow names. listed: only what egress-allow names.",
		},
		{
			Name: "ca-file", Kind: settingText,
			Doc: "File of additional certificate authorities (PEM), for captures, sitemaps and webhooks.",
		},
		{
			Name: "allow-insecure-tls", Kind: settingSwitch, Default: "false",
			Doc: "Let jobs ask for certificate errors to be ignored (ignore_https_errors).",
		},
		{
			Name: "job-proxy", Kind: settingText, Default: "allow", Enum: []string{"allow", "deny"},
			Doc: "Whether jobs may name a proxy of their own; its address is checked like a target's.",
		},
	}
}

// networkSettings say how clients reach the API.
func networkSettings() []setting {
	return []setting{
		{
			Name: "public-url", Kind: settingText, Check: checkPublicURL,
			Doc: "Address under which clients reach the API, when a reverse proxy stands before it: https://shots.example.com. The OpenAPI document and Location headers name it.",
		},
		{
			Name: "trusted-proxies", Kind: settingList, Check: checkProxies,
			Doc: "Reverse proxies (CIDR or address) whose X-Forwarded-For is believed. Empty: the client is who has connected.",
		},
		{
			Name: "path-prefix", Kind: settingText, Check: checkPathPrefix,
			Doc: "Path under which the API and the dashboard are mounted: /shots, when the reverse proxy passes it on.",
		},
		{
			Name: "cors-origin", Kind: settingList,
			Doc:     "Origins whose pages may call the API.",
			Unbuilt: "this version answers no cross-origin requests",
		},
		{
			Name: "rate-limit", Kind: settingCount, Default: "0", Unit: "requests a minute",
			Doc: "Requests a minute of each key without a limit of its own; 0: no limit.",
		},
	}
}
