// In a project that has vue, vite, @vitejs/plugin-vue and the client: `npx vite`, beside the service.
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const target = process.env.WUKONG_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
	plugins: [vue()],
	server: { proxy: { "/novasphere.v1.WukongService": { target } } },
});
