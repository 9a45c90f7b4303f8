import OpenSeadragon from 'openseadragon';

// OpenSeadragon would add a style element of its own to the page, which the
// page's policy forbids. It doesn't where it finds one: this stands there, in no
// namespace, and so is no style to the browser.
const stand = document.createElementNS(null, 'style');
stand.setAttribute('data-openseadragon-mobile-css', '');
document.head.append(stand);

/** openViewer makes a viewer in an element: wheel and pinch zoom, drag pans, no keys, no buttons. */
export function openViewer(element: HTMLElement): OpenSeadragon.Viewer {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  return OpenSeadragon({
    element,
    drawer: 'canvas',
    showNavigationControl: false,
    keyboardNavEnabled: false,
    tabIndex: -1, // the tools and keys beside it do all that the canvas does
    animationTime: still ? 0 : 0.18,
    springStiffness: 8,
    visibilityRatio: 0.2,
    minZoomImageRatio: 0.5,
    maxZoomPixelRatio: 12,
    zoomPerScroll: 1.15,
    preserveImageSizeOnResize: false,
    gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true, flickEnabled: false },
    gestureSettingsTouch: { clickToZoom: false, dblClickToZoom: true, pinchRotate: true, flickEnabled: false },
    gestureSettingsPen: { clickToZoom: false, dblClickToZoom: true, flickEnabled: false },
  });
}

/** A picture as it is, without a pyramid. */
export function pictureSource(url: string): OpenSeadragon.TileSourceSpecifier {
  return { tileSource: { type: 'image', url, buildPyramid: false } };
}

/** A point of a picture's own coordinates. */
export function pointAt(x: number, y: number): OpenSeadragon.Point {
  return new OpenSeadragon.Point(x, y);
}
