"""What lies under the aircraft: cities, airfields, runways, day and night, and maps of the user's own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from skywitness.views.web_page import WebFiles
from tests.end_to_end.test_web_founding import CHROMIUM, PICTURES, Visit
from tests.serving import Node, running
from tests.tiles import pmtiles, square_tile

SIZE = (1100, 600)
MAP = "window.skywitness.map"
ALMANAC = {
    # Equinoxes and solstices to the minute (US Naval Observatory): the declination is 0, or the obliquity.
    "2024-03-20T03:06:00Z": (0.0, None), "2024-06-20T20:51:00Z": (23.436, None),
    "2024-09-22T12:44:00Z": (0.0, None), "2024-12-21T09:21:00Z": (-23.436, None),
    # The equation of time at its extremes: 16 min 26 s ahead, 14 min 13 s behind.
    "2024-11-03T12:00:00Z": (None, -(16 + 26 / 60) / 4), "2024-02-11T12:00:00Z": (None, (14 + 13 / 60) / 4),
}  # fmt: skip
SUNS = """async (moments) => {
  const { subsolar, sunHeight, darkOn } = (await window.skywitness.tools.fetched.get('night')).sky;
  const suns = {};
  for (const at of moments) suns[at] = subsolar(Date.parse(at));
  let [asked, wrong] = [0, 0];
  for (const sun of Object.values(suns)) for (let lon = -180; lon < 180; lon += 7.3)
  for (const height of [-0.833, -6, -18]) {
    const dark = darkOn(sun, lon, height);
    for (let lat = -89.5; lat < 90; lat += 1) {
      asked += 1;
      if ((sunHeight(sun, { lat, lon }) < height) !== (dark !== null && lat > dark[0] && lat < dark[1])) wrong += 1;
    }
  }
  return { suns, asked, wrong };
}"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.skipif("index.html" not in WebFiles().files, reason="the map is not built: make web"),
]


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> Iterator[Node]:
    """A node that hears nothing: the map is what is looked at."""
    with running(tmp_path_factory.mktemp("node"), "--listen", "listen+beast://127.0.0.1:0") as served:
        yield served


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        arguments = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
        launched = play.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield launched
        launched.close()


def drawn(visit: Visit, layer: str, name: str) -> set[str]:
    """What of a layer is on the screen, by one of its properties."""
    asked = f"{MAP}.queryRenderedFeatures({{layers: ['{layer}']}}).map(f => f.properties.{name})"
    return set(visit.page.evaluate(f"{MAP}.getLayer('{layer}') ? {asked} : []"))


def wait_drawn(visit: Visit, layer: str, name: str, *wanted: str) -> set[str]:
    end = time.monotonic() + 30
    while not set(wanted) <= (found := drawn(visit, layer, name)):
        assert time.monotonic() < end, f"{layer}: {found}"
        time.sleep(0.1)
    return found


def test_cities_airfields_and_runways_by_zoom(browser, node):
    visit = Visit(browser, node, "?lat=51.3&lon=4.4&zoom=3", SIZE)
    page = visit.page
    found = wait_drawn(visit, "city", "name", "Berlin")
    assert "Ghent" not in found
    assert drawn(visit, "airfield", "code") == set()
    assert "GeoNames (CC BY 4.0)" in page.inner_text(".map-credit")
    page.evaluate(f"{MAP}.jumpTo({{center: [4.4, 51.3], zoom: 6}})")
    wait_drawn(visit, "airfield", "code", "EBBR", "EHEH")
    assert drawn(visit, "runway", "width") == set()
    page.evaluate(f"{MAP}.jumpTo({{center: [4.7639, 52.3086], zoom: 12}})")
    wait_drawn(visit, "airfield", "code", "EHAM")
    wait_drawn(visit, "runway-end", "name", "18C", "36C", "27")
    ends = page.evaluate(
        f"{MAP}.querySourceFeatures('runways').filter(f => f.geometry.type === 'Point' && f.properties.name === '36C')"
        ".map(f => f.geometry.coordinates)"
    )
    assert ends[0] == pytest.approx([4.7375, 52.3018], abs=1e-4)
    # A click on it opens its page.
    x, y = page.evaluate(f"(p => [p.x, p.y])({MAP}.project([4.7639, 52.3086]))")
    page.mouse.click(x, y)
    visit.wait("location.search.includes('page=airport:EHAM')")
    visit.close()


def test_night_is_where_the_sun_is_down(browser, node):
    visit = Visit(browser, node, "?lat=20&lon=0&zoom=1.5&at=2024-06-20T20:51:00Z", SIZE)
    page = visit.page
    visit.wait("window.skywitness.tools.fetched.get('night')")
    told = page.evaluate(SUNS, list(ALMANAC))
    for at, (lat, lon) in ALMANAC.items():
        sun = told["suns"][at]
        assert lat is None or sun["lat"] == pytest.approx(lat, abs=0.02), at
        assert lon is None or sun["lon"] == pytest.approx(lon, abs=0.02), at
    assert told["asked"] > 100_000
    assert told["wrong"] == 0

    def shades(lon: float, lat: float) -> int:
        """Twilights that are over there."""
        point = json.dumps([lon, lat])
        return page.evaluate(f"{MAP}.queryRenderedFeatures({MAP}.project({point}), {{layers: ['night']}}).length")

    visit.wait(f"{MAP}.isSourceLoaded('night') && {MAP}.queryRenderedFeatures({{layers: ['night']}}).length")
    assert (shades(-80, 30), shades(70, 10), shades(5, 61)) == (0, 4, 0)
    page.evaluate("window.skywitness.goTo(Date.parse('2024-12-21T00:30:00Z'))")
    end = time.monotonic() + 20
    while shades(5, 61) != 4:
        assert time.monotonic() < end
        time.sleep(0.1)
    visit.wait("!location.search.includes('layers')")
    page.evaluate("window.skywitness.tools.toggleLayer('night')")
    visit.wait("location.search.includes('layers=')")
    visit.wait(f"{MAP}.getLayoutProperty('night', 'visibility') === 'none'")
    visit.close()
    again = Visit(browser, node, "?layers=", SIZE)
    again.wait("window.skywitness.map.getLayer('city')")
    assert not again.page.evaluate("window.skywitness.map.getLayer('night')")
    again.close()


def test_a_map_of_the_operators_own(browser, tmp_path):
    """Tiles of a file that the node serves take the place of the bundled map; of a broken one the page says so."""
    (tmp_path / "own.pmtiles").write_bytes(pmtiles(square_tile("water"), ("water",), "<b>Own</b> tiles <img src=x>"))
    (tmp_path / "skywitness.toml").write_text(
        'listen = ["listen+beast://127.0.0.1:0"]\n[map]\npmtiles = "own.pmtiles"\n'
    )
    with running(tmp_path) as node:
        visit = Visit(browser, node, "?lat=0&lon=0&zoom=1.5&layers=", SIZE)
        visit.wait(f"{MAP}.getLayer('own-tiles-paper')")
        visit.wait(f"{MAP}.queryRenderedFeatures({{layers: ['own-tiles-water']}}).length > 0")
        assert visit.page.evaluate(f"{MAP}.getLayoutProperty('land', 'visibility')") == "none"
        assert visit.page.inner_text(".map-credit").endswith("OurAirports · Own tiles")
        assert visit.page.locator(".map-credit img").count() == 0
        PICTURES.mkdir(parents=True, exist_ok=True)
        visit.page.screenshot(path=str(PICTURES / "basemap-own.png"))
        visit.close()
        with (tmp_path / "own.pmtiles").open("r+b") as file:
            file.seek(60)
            file.write(b"\xff" * 60)
        visit = Visit(browser, node, "?lat=0&lon=0&zoom=1.5&layers=", SIZE)
        visit.wait("document.querySelector('.notice').textContent.includes('the bundled one stays')")
        assert visit.page.evaluate(f"{MAP}.getLayoutProperty('land', 'visibility')") != "none"
        visit.close()


KML = """<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><NetworkLink><Link>
<href>https://elsewhere.example/more.kml</href></Link></NetworkLink>
<Placemark><name><![CDATA[<img src=x onerror=alert(1)>]]></name><Point><coordinates>4.7,52.3,0</coordinates></Point>
</Placemark><Placemark><name>two</name><MultiGeometry>
<LineString><coordinates>0,0 1,1 nan,2 3,3</coordinates></LineString><Polygon><outerBoundaryIs><LinearRing>
<coordinates>0,0 9,0 9,9 0,9 0,0</coordinates></LinearRing></outerBoundaryIs><innerBoundaryIs><LinearRing>
<coordinates>1,1 2,1 2,2 1,2 1,1</coordinates></LinearRing></innerBoundaryIs></Polygon></MultiGeometry></Placemark>
</Document></kml>"""
BOMB = '<!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><kml>&b;</kml>'


def test_files_and_tiles_of_the_readers_own(browser, node):
    visit = Visit(browser, node, "?lat=3&lon=3&zoom=4&layers=&tool=overlays", SIZE)
    page = visit.page
    visit.wait("document.activeElement.type === 'file'")
    page.set_input_files(".overlays-tool input[type=file]", {"name": "own.kml", "mimeType": "", "buffer": KML.encode()})
    visit.wait("document.querySelectorAll('.overlays-tool li').length === 1")
    data = page.evaluate(f"{MAP}.getSource('overlay-0').getData()")
    shapes = [(one["properties"]["name"], one["geometry"]["type"]) for one in data["features"]]
    assert shapes == [("<img src=x onerror=alert(1)>", "Point"), ("two", "LineString"), ("two", "Polygon")]
    assert data["features"][1]["geometry"]["coordinates"] == [[0, 0], [1, 1], [3, 3]]
    assert len(data["features"][2]["geometry"]["coordinates"]) == 2
    for name, text, words in (
        ("bomb.kml", BOMB, "entities"), ("no.kml", "<gpx/>", "no KML"), ("cut.kml", KML[:200], "no KML"),
        ("empty.kml", "<kml/>", "no place"), ("no.json", "{", "no GeoJSON"),
        ("deep.kml", f"<kml><Placemark>{'<MultiGeometry>' * 20}{'</MultiGeometry>' * 20}</Placemark></kml>", "deep"),
    ):  # fmt: skip
        page.set_input_files(".overlays-tool input[type=file]", {"name": name, "mimeType": "", "buffer": text.encode()})
        visit.wait(f"document.querySelector('.notice').textContent.startsWith({json.dumps(name)})")
        assert words in page.inner_text(".notice")
    page.fill(".overlays-tool form input", "https://tiles.example.org/{z}/{x}/{y}.png")
    page.press(".overlays-tool form input", "Enter")
    visit.wait("document.querySelector('.overlays-tool .wrong').textContent.includes('https://tiles.example.org')")
    for width in (SIZE[0], 390):
        page.set_viewport_size({"width": width, "height": SIZE[1]})
        page.screenshot(path=str(PICTURES / f"overlays-{width}.png"))
        assert visit.violations() == []
    page.get_by_label("own.kml", exact=True).uncheck()
    visit.wait(f"{MAP}.getLayoutProperty('overlay-0-line', 'visibility') === 'none'")
    page.get_by_label("Take own.kml away").click()
    visit.wait(f"!{MAP}.getSource('overlay-0')")
    page.keyboard.press("Escape")
    # The browser's own report of broken XML has a style, which the page's policy keeps out.
    visit.failures[:] = [words for words in visit.failures if "Applying inline style" not in words]
    visit.close()
