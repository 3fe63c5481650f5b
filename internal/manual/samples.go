package manual

// samples are the examples of routes, by the id of their operation. One that
// has no row needs nothing but its path.
func samples() map[string]sample {
	all := jobSamples()
	for _, more := range []map[string]sample{pictureSamples(), webhookSamples(), keySamples()} {
		for id, one := range more {
			all[id] = one
		}
	}
	return all
}

func jobSamples() map[string]sample {
	const batch = `{"urls": ["https://example.com", "https://go.dev"], "full_page": true}`
	const site = `{"sitemap_url": "https://example.com", "max_pages": 3}`
	return map[string]sample{
		"createBatch": {
			body: batch,
			node: "const job = await client.batch(['https://example.com', 'https://go.dev'], { fullPage: true });\nconsole.log(job.id, job.status);",
			goish: "job, err := c.Batch(ctx, []string{\"https://example.com\", \"https://go.dev\"}, client.Params{Options: darkroom.Options{FullPage: true}})\n" +
				failing + "fmt.Println(job.ID, job.Status)",
		},
		"createBatchScreenshot": {body: batch},
		"createSitemap": {
			body: site,
			node: "const job = await client.sitemap('https://example.com', { maxPages: 3 });\nconsole.log(job.id, job.status);",
			goish: "job, err := c.Sitemap(ctx, \"https://example.com\", client.SitemapParams{MaxPages: 3})\n" +
				failing + "fmt.Println(job.ID, job.Status)",
		},
		"createSitemapCrawl": {body: site},
		"listJobs": {
			query: "?status=partial&limit=10",
			node:  "for await (const job of client.listJobs({ status: 'partial' })) console.log(job.id, job.progress.failed);",
			goish: "for job, err := range c.Jobs(ctx, client.ListParams{Status: darkroom.StatusPartial}) {\n\tif err != nil {\n\t\treturn err\n\t}\n\tfmt.Println(job.ID, job.Progress.Failed)\n}",
		},
		"getJob": {
			query: "?wait=30",
			node:  "const job = await client.waitForJob(id, { onProgress: ({ progress }) => console.log(progress.percentage) });\nconsole.log(job.status);",
			goish: "job, err := c.Wait(ctx, id, nil) // c.Job looks once\n" + failing + "fmt.Println(job.Status, job.Progress.Percentage)",
		},
		"deleteJob": {node: "await client.deleteJob(id);", goish: "return c.Delete(ctx, id)"},
		"cancelJob": {
			node:  "const job = await client.cancelJob(id);\nconsole.log(job.cancelled);",
			goish: "job, err := c.Cancel(ctx, id)\n" + failing + "fmt.Println(job.Cancelled)",
		},
		"retryJob": {
			node:  "const job = await client.retryJob(id);\nconsole.log(job.id, job.retry_of);",
			goish: "job, err := c.Retry(ctx, id, client.RetryParams{})\n" + failing + "fmt.Println(job.ID, job.RetryOf)",
		},
		"downloadJob": {
			flags: "-OJ",
			node:  "await client.downloadJobTo(id, 'shots.zip');",
			goish: "return c.DownloadTo(ctx, id, \"shots.zip\")",
		},
		"streamJob": {
			flags: "-N",
			node:  "for await (const event of client.watchJob(id)) console.log(event.capture?.url ?? event.job?.status);",
			goish: "for event, err := range c.Watch(ctx, id) {\n\tif err != nil {\n\t\treturn err\n\t}\n\tif event.Job != nil {\n\t\tfmt.Println(event.Job.Status)\n\t}\n}",
		},
		"streamJobs": {
			flags: "-N",
			node: "const answer = await fetch(`${server}/v1/events`, { headers: { authorization: `Bearer ${key}` } });\n" +
				"for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {\n  console.log(text);\n  break; // it does not end by itself\n}",
			goish: "request, err := http.NewRequestWithContext(ctx, \"GET\", server+\"/v1/events\", nil)\n" + failing +
				"request.Header.Set(\"Authorization\", \"Bearer \"+key)\nanswer, err := http.DefaultClient.Do(request)\n" + failing +
				"defer answer.Body.Close()\nline, err := bufio.NewReader(answer.Body).ReadString('\\n') // it does not end by itself\n" + failing + "fmt.Println(line)",
		},
		"listResults": {
			query: "?state=failed",
			node:  "for await (const { url, error, evidence } of client.listResults(id, { state: 'failed' })) console.log(url, error, evidence?.console);",
			goish: "for result, err := range c.Results(ctx, id, client.ResultParams{}) {\n\tif err != nil {\n\t\treturn err\n\t}\n\tfmt.Println(result.Index, result.URL, result.Success)\n}",
		},
	}
}

// failing is what the Go examples do about an error.
const failing = "if err != nil {\n\treturn err\n}\n"

func pictureSamples() map[string]sample {
	view := func(flags, index, node, name string) sample {
		return sample{
			flags: flags,
			node:  "const picture = await client.captureImage(id, " + index + node + ");\nconsole.log(picture.length);",
			goish: "picture, err := c.Picture(ctx, id, " + index + ", darkroom." + name + ")\n" + failing + "fmt.Println(len(picture))",
		}
	}
	shoot := sample{
		node:  "const picture = await client.screenshot('https://example.com', { width: 800, format: 'webp' });\nconsole.log(picture.length);",
		goish: "image, err := c.Screenshot(ctx, \"https://example.com\", darkroom.Options{Width: 800, Format: \"webp\"})\n" + failing + "fmt.Println(image.ContentType, len(image.Data))",
	}
	byQuery, byBody := shoot, shoot
	byQuery.query, byQuery.flags = "?url=https://example.com&width=800&format=webp", "-o page.webp"
	byBody.body, byBody.flags = `{"url": "https://example.com", "width": 800, "format": "webp"}`, "-o page.webp"
	return map[string]sample{
		"getCaptureImage":     view("-o 1.png", "1", "", "ViewImage"),
		"getCaptureThumbnail": view("-o 1.jpeg", "1", ", { view: 'thumbnail' }", "ViewThumbnail"),
		"getCaptureLastFrame": view("-o 2.jpeg", "2", ", { view: 'last-frame' }", "ViewLastFrame"),
		"getScreenshot":       byQuery,
		"createScreenshot":    byBody,
		"listDevices": {
			node:  "for (const { name, width, height } of await client.devices()) console.log(name, width, height);",
			goish: "devices, err := c.Devices(ctx)\n" + failing + "fmt.Println(len(devices), devices[0].Name)",
		},
		"getUsage": {
			node:  "console.log((await client.usage()).usage);",
			goish: "usage, err := c.Usage(ctx)\n" + failing + "fmt.Printf(\"%+v\\n\", usage)",
		},
		"getHealth": {
			node:  "console.log((await client.health()).version);",
			goish: "health, err := c.Health(ctx)\n" + failing + "fmt.Println(health.Version)",
		},
	}
}

func webhookSamples() map[string]sample {
	return map[string]sample{
		"listDeliveries": {
			query: "?status=delivered",
			node:  "for await (const { id, status, url } of client.listDeliveries({ status: 'delivered' })) console.log(id, status, url);",
			goish: "for delivery, err := range c.Deliveries(ctx, client.DeliveryParams{Status: darkroom.DeliveryDelivered}) {\n\tif err != nil {\n\t\treturn err\n\t}\n\tfmt.Println(delivery.ID, delivery.Status)\n}",
		},
		"getDelivery": {
			node:  "const { attempts } = await client.getDelivery(delivery);\nconsole.log(attempts);",
			goish: "log, err := c.Delivery(ctx, delivery)\n" + failing + "fmt.Printf(\"%+v\\n\", log)",
		},
		"redeliver": {
			node:  "await client.redeliver(delivery);",
			goish: "again, err := c.Redeliver(ctx, delivery)\n" + failing + "fmt.Println(again.Status)",
		},
		"listEvents": {
			query: "?cursor=0&wait=30",
			node:  "const { events, next_cursor } = await client.listEvents({ cursor: '0', wait: 30 });\nconsole.log(events.length, next_cursor);",
			goish: "page, err := c.Events(ctx, client.EventParams{Cursor: \"0\", Wait: 30 * time.Second})\n" + failing + "fmt.Println(len(page.Events), page.NextCursor)",
		},
		"testWebhook": {
			body:  `{"url": "https://my.app/hook"}`,
			node:  "console.log(await client.testWebhook('https://my.app/hook'));",
			goish: "test, err := c.TestWebhook(ctx, \"https://my.app/hook\")\n" + failing + "fmt.Printf(\"%+v\\n\", test)",
		},
	}
}

func keySamples() map[string]sample {
	return map[string]sample{
		"sendMessage":         {body: `{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}`},
		"createKey":           {body: `{"name": "shop", "scopes": ["create", "read"]}`},
		"rotateKey":           {body: `{"grace": 86400}`},
		"rotateWebhookSecret": {body: `{"grace": 86400}`},
	}
}
