// `npx vite docs/examples/react`, beside `npm start`.
import { defineConfig } from "vite";

const target = process.env.WUKONG_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
	server: {
		// Without `changeOrigin`: the service sees the page's own host, so the call is same-origin to it.
		proxy: { "/novasphere.v1.WukongService": { target } },
	},
});
