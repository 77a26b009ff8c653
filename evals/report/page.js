"use strict";
// Sorting and searching of tables. Without this, the page only lacks those.
for (const table of document.querySelectorAll("table.sortable")) {
	const body = table.tBodies[0];
	const heads = [...table.tHead.rows[0].cells];
	heads.forEach((head, column) => {
		const button = document.createElement("button");
		button.type = "button";
		button.append(...head.childNodes);
		head.append(button);
		button.addEventListener("click", () => {
			const down = head.getAttribute("aria-sort") === "descending" ? 1 : -1;
			const numbers = head.classList.contains("right");
			const sign = numbers ? down : -down;
			heads.forEach((h) => h.removeAttribute("aria-sort"));
			head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
			const key = (row) => {
				const text = row.cells[column].textContent.trim();
				if (!numbers) return text;
				const value = parseFloat(text.replace("−", "-").replace(/[<\u202f]/g, ""));
				return Number.isNaN(value) ? -Infinity : value;
			};
			const rows = [...body.rows].map((row) => [key(row), row]);
			rows.sort(([a], [b]) => sign * (numbers ? a - b || 0 : a.localeCompare(b)));
			body.append(...rows.map(([, row]) => row));
		});
	});
}
const searched = document.querySelectorAll("table.searchable");
if (searched.length > 0) {
	const input = document.createElement("input");
	input.type = "search";
	input.placeholder = "Language, task or model";
	input.setAttribute("aria-label", "Show only rows that contain");
	input.addEventListener("input", () => {
		const want = input.value.trim().toLowerCase();
		for (const table of searched) {
			for (const row of table.tBodies[0].rows) {
				const text = [...row.cells].slice(0, 3).map((c) => c.textContent).join(" ").toLowerCase();
				row.hidden = !text.includes(want);
			}
		}
	});
	document.querySelector("#all > p").after(input);
}
