// Without it the page lacks the search, and nothing else. The page's policy names its hash, so no other script runs.
const box = document.querySelector(".search");
const [input, said] = [box.querySelector("input"), box.querySelector("output")];
const resources = [...document.querySelectorAll("[data-resource]")].map(
  element => ({element, text: element.textContent.toLowerCase()}));
const groups = [...document.querySelectorAll("details.group")];
const lay = new Map(groups.map(group => [group, group.open]));
input.addEventListener("input", () => {
  const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const {element, text} of resources) {
    element.hidden = !wanted.every(word => text.includes(word));
    found += !element.hidden;
  }
  for (const group of groups) {
    const some = group.querySelector("[data-resource]:not([hidden])");
    group.hidden = !some;
    group.open = wanted.length ? Boolean(some) : lay.get(group);
  }
  said.value = wanted.length ? `${found} of ${resources.length} resources` : "";
});
box.hidden = false;
