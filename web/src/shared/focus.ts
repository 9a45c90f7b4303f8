/**
 * keepFocus lets a mouse click act without taking the focus, so that the space
 * bar goes on to mean what the screen says. The keyboard's way to a control is untouched.
 */
export function keepFocus(event: MouseEvent): void {
  event.preventDefault();
}
